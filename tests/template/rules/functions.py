"""Rules of the Lambda functions: limits, tracing, logs, existing handlers and failure destinations."""

import ast
import re
from pathlib import PurePath

from tests.template.rules.application import Application, Findings, referred

HANDLER = re.compile(r"^def handler\(", re.MULTILINE)
JOB_SETTINGS = {  # with the required value, if there is only one
    "EncryptionMode": "SSE-KMS",
    "EncryptionKeyArn": None,
    "LogSubscription": "ENABLE",
    "MaxRetries": None,
    "Timeout": None,
}


def every_function_has_limits(application: Application) -> Findings:
    for name, function in application.resources("AWS::Lambda::Function").items():
        for limit in ("Timeout", "MemorySize"):
            if limit not in function:
                yield f"{name}: give it {limit}, the default suits none"


def every_function_is_traced(application: Application) -> Findings:
    for name, function in application.resources("AWS::Lambda::Function").items():
        if function.get("TracingConfig", {}).get("Mode") != "Active":
            yield f"{name}: trace it"


def every_function_logs_to_a_group_of_the_template(application: Application) -> Findings:
    groups = application.resources("AWS::Logs::LogGroup").keys()
    for name, function in application.resources("AWS::Lambda::Function").items():
        if not referred(function.get("LoggingConfig", {}).get("LogGroup")) & groups:
            yield f"{name}: set its log group to one of the template"


def every_handler_exists(application: Application) -> Findings:
    for name, function in application.resources("AWS::Lambda::Function").items():
        module, _, attribute = function["Handler"].rpartition(".")
        if attribute != "handler" or not HANDLER.search(application.texts.get(f"functions/{module}.py", "")):
            yield f"{name}: no handler {function['Handler']}"


def every_function_has_its_event(application: Application) -> Findings:
    functions = application.resources("AWS::Lambda::Function").values()
    modules = {function["Handler"].rpartition(".")[0] for function in functions}
    events = {PurePath(path).stem for path in application.texts if path.startswith("events/")}
    yield from (f"events/{name}.json: no function of this name" for name in sorted(events - modules))
    yield from (f"{name}: no sample event, add events/{name}.json" for name in sorted(modules - events))


def all_functions_are_built_at_once(application: Application) -> Findings:
    """`sam build` makes another bundle for each different Metadata."""
    for name, body in application.translated["Resources"].items():
        if body["Type"] == "AWS::Lambda::Function" and body.get("Metadata"):
            yield f"{name}: remove its Metadata, it would get a bundle of its own"


def what_an_event_cannot_do_is_kept(application: Application) -> Findings:
    """An asynchronous event is lost after its last attempt unless there is an OnFailure destination."""
    rules = application.resources("AWS::Events::Rule").values()
    called = set().union(*(referred(target["Arn"]) for rule in rules for target in rule["Targets"]))
    kept = set().union(
        *(
            referred(settings["FunctionName"])
            for settings in application.resources("AWS::Lambda::EventInvokeConfig").values()
            if settings.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        )
    )
    for name in sorted(called & application.resources("AWS::Lambda::Function").keys() - kept):
        yield f"{name}: give it an OnFailure destination"


def every_transform_is_encrypted_logged_and_ends(application: Application) -> Findings:
    """The functions create the jobs, not the template."""
    path = "functions/pipeline/aws/databrew.py"
    for call in ast.walk(ast.parse(application.texts[path])):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr == "create_recipe_job"
        ):
            given = {item.arg: ast.unparse(item.value).strip("'") for item in call.keywords if item.arg}
            for setting, value in JOB_SETTINGS.items():
                if setting not in given or value not in {None, given[setting]}:
                    yield f"{path}: give the job {setting}{f' {value}' if value else ''}"


RULES = (
    every_function_has_limits,
    every_function_is_traced,
    every_function_logs_to_a_group_of_the_template,
    every_handler_exists,
    every_function_has_its_event,
    all_functions_are_built_at_once,
    what_an_event_cannot_do_is_kept,
    every_transform_is_encrypted_logged_and_ends,
)
