"""Rules of quotas: what the template and its largest parameter values add up to."""

import re
from typing import Any

from local.cloud.documented_limits import ENVIRONMENT_BYTES, USER_DATA_BYTES
from local.cloud.stack.resource_quotas import refusals
from tests.template.rules.application import Application, Document, Findings
from tests.template.rules.graph import scopes

REFERENCE = re.compile(r"\$\{[\w.]+\}")
PHYSICAL = "x" * 64  # a bucket's name has at most 63 characters, a function's 64
FIXED_BYTES = 1024  # of the keys, URLs and dates that launch() adds to the user data
SERVERLESS = "AWS::Serverless::Function"
LAUNCHER = "DownloadLargeTableFunction"


def environments_are_within_their_quota(application: Application) -> Findings:
    """Lambda limits all variables of a function together, so parameters in them need a limit too."""
    for name, variables in _environments(application).items():
        for parameter in sorted(_parameters(application, variables)):
            if _largest(application.template["Parameters"][parameter]) is None:
                yield f"{parameter}: give it MaxLength, it is a variable of {name}"
        size = _size(application, name, variables)
        if size > ENVIRONMENT_BYTES.limit:
            yield f"{name}: its variables may have {size} bytes, Lambda allows {ENVIRONMENT_BYTES.limit}"


def user_data_is_within_its_quota(application: Application) -> Findings:
    variables = _size(application, LAUNCHER, _environments(application)[LAUNCHER])
    size = len(application.texts["ec2/user_data.sh"].encode()) + variables + FIXED_BYTES
    if size > USER_DATA_BYTES.limit:
        yield f"ec2/user_data.sh: with its variables {size} bytes, EC2 allows {USER_DATA_BYTES.limit}"


def policies_are_within_their_quotas(application: Application) -> Findings:
    for kind in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy"):
        for name, properties in application.resources(kind).items():
            yield from (f"{name}: {refusal}" for refusal in refusals(kind, {"RoleName": name, **_deployed(properties)}))


def discarded_map_results_are_empty(application: Application) -> Findings:
    """Step Functions may check the size of a Map's result before ResultPath or OutputPath discards it."""
    for scope in scopes(application.machine):
        for name, state in scope["States"].items():
            if state["Type"] == "Map" and None in (state.get("ResultPath", "$"), state.get("OutputPath", "$")):
                for last, inner in state["ItemProcessor"]["States"].items():
                    ends = inner.get("End") or inner["Type"] == "Succeed"
                    empty = inner.get("OutputPath", "$") is None or inner.get("Result") == {}
                    if ends and not empty:
                        yield f"{name}: the output of {last} is discarded, let it be {{}}"


def _environments(application: Application) -> dict[str, Document]:
    """The declared variables of each function by its logical id."""
    shared = application.template["Globals"]["Function"]["Environment"]["Variables"]
    return {
        name: shared | body["Properties"].get("Environment", {}).get("Variables", {})
        for name, body in application.template["Resources"].items()
        if isinstance(body, dict) and body["Type"] == SERVERLESS
    }


def _parameters(application: Application, variables: Document) -> set[str]:
    references = {value["Ref"] for value in variables.values() if isinstance(value, dict) and "Ref" in value}
    return references & application.template["Parameters"].keys()


def _size(application: Application, function: str, variables: Document) -> int:
    """Bytes of the variables as JSON, with the largest values of parameters."""
    deployed = _deployed(application.resources("AWS::Lambda::Function")[function]["Environment"]["Variables"])
    size = 2
    for name, value in variables.items():
        parameter = application.template["Parameters"].get(value.get("Ref") if isinstance(value, dict) else None)
        size += len(name) + len('"":"",') + ((_largest(parameter) or 0) if parameter else len(str(deployed[name])))
    return size


def _largest(parameter: Document) -> int | None:
    """The length of a parameter's longest value; None if it is not limited."""
    if "AllowedValues" in parameter:
        return max(len(str(value)) for value in parameter["AllowedValues"])
    if parameter["Type"] == "Number":
        return len(str(parameter["MaxValue"]))
    limit: int | None = parameter.get("MaxLength")
    return limit


def _deployed(value: Any) -> Any:
    """`value` with physical names of the largest size."""
    if isinstance(value, dict):
        return {name: _deployed(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_deployed(item) for item in value]
    return REFERENCE.sub(PHYSICAL, value) if isinstance(value, str) else value


RULES = (
    environments_are_within_their_quota,
    user_data_is_within_its_quota,
    policies_are_within_their_quotas,
    discarded_map_results_are_empty,
)
