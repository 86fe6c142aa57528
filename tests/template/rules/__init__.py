"""What must hold for the template and the state machine. A rule yields one line for each thing to mend."""

from collections.abc import Callable

from tests.template.rules import (
    alarms,
    api,
    declarations,
    functions,
    integrations,
    messages,
    permissions,
    readers,
    state_machine,
    storage,
    workers,
)
from tests.template.rules.application import Application, Findings

Rule = Callable[[Application], Findings]

MODULES = (
    state_machine,
    integrations,
    permissions,
    functions,
    alarms,
    messages,
    storage,
    readers,
    workers,
    api,
    declarations,
)
RULES: dict[str, Rule] = {rule.__name__: rule for module in MODULES for rule in module.RULES}
