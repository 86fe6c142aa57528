"""The laptop: the whole pipeline without an account."""

import gc
import sys

if "singstat" not in sys.modules:  # whoever imports that reads a lake, starts no AWS, and keeps the process as it is
    gc.set_threshold(400_000)  # so many objects the imports make, and most stay: collecting each 700 costs 0.5 s
    for installed_with_sam in ("awscrt", "OpenSSL"):  # botocore imports them where they are, 0.15 s, and needs neither
        sys.modules.setdefault(installed_with_sam, None)  # type: ignore[arg-type]  # None: cannot be imported
