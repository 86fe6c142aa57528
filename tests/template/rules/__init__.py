"""Rules of the template and the state machine. A rule yields one finding per violation."""

from collections.abc import Callable

from tests.template.rules import (
    alarms,
    api,
    declarations,
    functions,
    integrations,
    messages,
    permissions,
    quotas,
    readers,
    state_machine,
    storage,
    trust,
    workers,
)
from tests.template.rules.application import Application, Findings

Rule = Callable[[Application], Findings]

MODULES = (
    state_machine,
    integrations,
    permissions,
    trust,
    functions,
    alarms,
    messages,
    storage,
    readers,
    workers,
    api,
    declarations,
    quotas,
)
RULES: dict[str, Rule] = {rule.__name__: rule for module in MODULES for rule in module.RULES}
