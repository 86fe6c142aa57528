"""What the modules that know AWS read when they are imported; the tests put the laptop's AWS in its place.

Properties hold on a busy machine too: no time is a failure.
"""

import os

from hypothesis import HealthCheck, settings

os.environ.setdefault("DATA_BUCKET", "unused")
os.environ.setdefault("AWS_DEFAULT_REGION", "ap-southeast-1")
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
