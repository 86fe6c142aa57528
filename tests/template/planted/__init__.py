"""Known defects, planted one at a time: `DEFECTS`, by description."""

from tests.template.planted import api, deployed, machine, read, roles, stored, written
from tests.template.planted.defect import Defect

MODULES = (machine, roles, deployed, stored, read, api, written)
DEFECTS: dict[str, Defect] = {name: defect for module in MODULES for name, defect in module.DEFECTS.items()}
