"""The seed of all that is drawn in the fault tests: FAULT_SEED in the environment, 0 by default."""

import os

SEED = int(os.environ.get("FAULT_SEED", "0"))
