"""What the modules that know AWS read when they are imported; the tests put the laptop's AWS in its place."""

import os

os.environ.setdefault("DATA_BUCKET", "unused")
os.environ.setdefault("AWS_DEFAULT_REGION", "ap-southeast-1")
