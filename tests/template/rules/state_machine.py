"""Rules of the state machine: everything ends, every wait is capped, every failure is handled."""

from itertools import chain

from tests.template.rules.application import Application, Document, Findings, many, referred, strings
from tests.template.rules.graph import called_function, following, reachable, scopes, states, substitution_of_call

LAMBDA_SERVICE_ERRORS = {
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
}
LONGEST_RUN = 86400
LONGEST_TASK = 7200
MOST_ATTEMPTS = 20
LONGEST_DELAY = 60
MOST_AT_ONCE = 40
TOKEN = "$$.Task.Token"  # noqa: S105 - its path in the context object
TEMPLATES = ("Parameters", "ItemSelector", "ResultSelector")


def the_machine_ends(application: Application) -> Findings:
    if not 0 < application.machine.get("TimeoutSeconds", 0) <= LONGEST_RUN:
        yield f"the machine: give it TimeoutSeconds, at most {LONGEST_RUN}"


def every_task_ends(application: Application) -> Findings:
    for name, state in states(application.machine, "Task"):
        if not 0 < state.get("TimeoutSeconds", 0) <= LONGEST_TASK:
            yield f"{name}: give it TimeoutSeconds, at most {LONGEST_TASK}"


def a_lambda_ends_before_its_state(application: Application) -> Findings:
    functions = application.resources("AWS::Lambda::Function")
    for name, state in states(application.machine, "Task"):
        function = functions.get(called_function(state, application.pipeline()) or "")
        if function and not function.get("Timeout", 0) < state.get("TimeoutSeconds", 0):
            yield f"{name}: its TimeoutSeconds must be longer than its function's Timeout"


def a_callback_is_heard_before_it_times_out(application: Application) -> Findings:
    for name, state in states(application.machine, "Task"):
        if state["Resource"].endswith(".waitForTaskToken"):
            if not 0 < state.get("HeartbeatSeconds", 0) < state.get("TimeoutSeconds", 0):
                yield f"{name}: give it HeartbeatSeconds, shorter than its TimeoutSeconds"
        elif "HeartbeatSeconds" in state:
            yield f"{name}: HeartbeatSeconds requires .waitForTaskToken"


def a_callback_passes_its_token(application: Application) -> Findings:
    for name, state in states(application.machine, "Task"):
        if state["Resource"].endswith(".waitForTaskToken"):
            passed = [key for key, text in strings(state.get("Parameters", {})) if text == TOKEN]
            if not any(key.endswith(".$") for key in passed):
                yield f"{name}: its worker cannot answer, pass {TOKEN} in its Parameters"


def every_task_retries_what_is_named_and_no_longer(application: Application) -> Findings:
    for name, state in states(application.machine, "Task"):
        if not state.get("Retry"):
            yield f"{name}: give it a Retry"
        for retrier in state.get("Retry", []):
            if not retrier["ErrorEquals"] or "States.ALL" in retrier["ErrorEquals"]:
                yield f"{name}: name the errors to retry, States.ALL hides the cause"
            if not 0 < retrier.get("MaxAttempts", 0) <= MOST_ATTEMPTS:
                yield f"{name}: cap its retries, MaxAttempts from 1 to {MOST_ATTEMPTS}"
            if not 0 < retrier.get("MaxDelaySeconds", 0) <= LONGEST_DELAY:
                yield f"{name}: cap its delays, MaxDelaySeconds from 1 to {LONGEST_DELAY}"
            if retrier.get("JitterStrategy") != "FULL":
                yield f"{name}: give its retries JitterStrategy FULL"


def an_error_is_retried_in_one_place(application: Application) -> Findings:
    for name, state in states(application.machine):
        errors = list(chain.from_iterable(retrier["ErrorEquals"] for retrier in state.get("Retry", [])))
        if twice := {error for error in errors if errors.count(error) > 1}:
            yield f"{name}: retries {', '.join(sorted(twice))} twice, the second retrier is never used"


def a_lambda_task_retries_the_service_errors(application: Application) -> Findings:
    for name, state in states(application.machine, "Task"):
        retried = set(chain.from_iterable(retrier["ErrorEquals"] for retrier in state.get("Retry", [])))
        if substitution_of_call(state) and (missing := LAMBDA_SERVICE_ERRORS - retried):
            yield f"{name}: retry {', '.join(sorted(missing))}"


def a_catch_all_is_last_and_alone(application: Application) -> Findings:
    for name, state in states(application.machine):
        catchers = state.get("Catch", [])
        for position, catcher in enumerate(catchers, start=1):
            alone = catcher["ErrorEquals"] == ["States.ALL"]
            if "States.ALL" in catcher["ErrorEquals"] and not (alone and position == len(catchers)):
                yield f"{name}: States.ALL must be alone in the last Catch"


def every_choice_has_a_default(application: Application) -> Findings:
    for name, state in states(application.machine, "Choice"):
        if "Default" not in state:
            yield f"{name}: give it a Default"


def no_default_waits_again(application: Application) -> Findings:
    for scope in scopes(application.machine):
        for name, state in scope["States"].items():
            default = state.get("Default")
            if default and name in reachable(scope, [default]):
                yield f"{name}: its Default {default} leads back to it, an unknown status would loop"


def every_wait_loop_has_a_cap(application: Application) -> Findings:
    for scope in scopes(application.machine):
        for name, state in scope["States"].items():
            ahead = reachable(scope, following(state))
            if state["Type"] == "Wait" and name in ahead:
                loop = [scope["States"][other] for other in ahead if name in reachable(scope, [other])]
                if not any(_is_capped(scope, other) for other in loop):
                    yield f"{name}: no task of its loop receives poll_limit and keeps the count"


def _is_capped(scope: Document, task: Document) -> bool:
    kept = task.get("InputPath")
    started = [state for state in scope["States"].values() if kept and state.get("ResultPath") == kept]
    return task.get("ResultPath") == kept and any("poll_limit.$" in state.get("Parameters", {}) for state in started)


def every_next_exists(application: Application) -> Findings:
    for scope in scopes(application.machine):
        ways = [("StartAt", [scope["StartAt"]]), *((name, following(state)) for name, state in scope["States"].items())]
        for name, nexts in ways:
            for missing in sorted(set(nexts) - scope["States"].keys()):
                yield f"{name}: no state {missing}"


def every_state_is_reachable(application: Application) -> Findings:
    for scope in scopes(application.machine):
        for name in sorted(scope["States"].keys() - reachable(scope, [scope["StartAt"]])):
            yield f"{name}: unreachable, remove it"


def every_map_is_bounded(application: Application) -> Findings:
    for name, state in states(application.machine, "Map"):
        if not 0 < state.get("MaxConcurrency", 0) <= MOST_AT_ONCE and "MaxConcurrencyPath" not in state:
            yield f"{name}: give it MaxConcurrency, from 1 to {MOST_AT_ONCE}"


def paths_stand_under_keys_that_end_in_a_dollar(application: Application) -> Findings:
    for name, state in states(application.machine):
        for key, text in strings([state[field] for field in TEMPLATES if isinstance(state.get(field), dict)]):
            if text.startswith(("$.", "$$.")) and not key.endswith(".$"):
                yield f"{name}: {key} would be the literal {text}, write {key}.$"


def substitutions_are_defined_and_used(application: Application) -> Findings:
    defined = set(application.pipeline().get("DefinitionSubstitutions", {}))
    used = referred(application.machine)
    yield from (f"{name}: used but not defined in DefinitionSubstitutions" for name in sorted(used - defined))
    yield from (f"{name}: unused, remove it from DefinitionSubstitutions" for name in sorted(defined - used))


def what_is_substituted_exists(application: Application) -> Findings:
    for name, value in application.pipeline()["DefinitionSubstitutions"].items():
        for missing in sorted(referred(value) - application.translated["Resources"].keys()):
            yield f"{name}: the template has no resource {missing}"


def the_machine_is_traced_and_logged(application: Application) -> Findings:
    pipeline = application.pipeline()
    logging = pipeline.get("LoggingConfiguration", {})
    if not pipeline.get("TracingConfiguration", {}).get("Enabled"):
        yield "the machine: trace it"
    if logging.get("Level") not in {"ALL", "ERROR"} or not many(logging.get("Destinations")):
        yield "the machine: log it, at level ALL or ERROR, to a log group"
    if logging.get("IncludeExecutionData"):
        yield "the machine: IncludeExecutionData must be false"


RULES = (
    the_machine_ends,
    every_task_ends,
    a_lambda_ends_before_its_state,
    a_callback_is_heard_before_it_times_out,
    a_callback_passes_its_token,
    every_task_retries_what_is_named_and_no_longer,
    an_error_is_retried_in_one_place,
    a_lambda_task_retries_the_service_errors,
    a_catch_all_is_last_and_alone,
    every_choice_has_a_default,
    no_default_waits_again,
    every_wait_loop_has_a_cap,
    every_next_exists,
    every_state_is_reachable,
    every_map_is_bounded,
    paths_stand_under_keys_that_end_in_a_dollar,
    substitutions_are_defined_and_used,
    what_is_substituted_exists,
    the_machine_is_traced_and_logged,
)
