"""Rules of alarms: each has an action and an existing metric; everything that can fail has one."""

from tests.template.rules.application import Application, Findings, many, referred
from tests.template.rules.messages import dead_letter_queues

METRICS = {
    "AWS/Lambda": {"Errors", "Throttles", "Duration"},
    "AWS/States": {"ExecutionsFailed", "ExecutionsAborted", "ExecutionsTimedOut", "ExecutionThrottled"},
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"},
}
DIMENSIONS = {
    "AWS/Lambda": ("FunctionName", "AWS::Lambda::Function", "${%s}"),
    "AWS/States": ("StateMachineArn", "AWS::StepFunctions::StateMachine", "${%s}"),
    "AWS/SQS": ("QueueName", "AWS::SQS::Queue", "${%s.QueueName}"),
}


def every_alarm_tells_somebody(application: Application) -> Findings:
    topics = application.resources("AWS::SNS::Topic").keys()
    for name, alarm in application.resources("AWS::CloudWatch::Alarm").items():
        if not referred(alarm.get("AlarmActions")) & topics or alarm.get("ActionsEnabled") is False:
            yield f"{name}: no topic in AlarmActions"


def no_alarm_mails_its_first_ok_state(application: Application) -> Findings:
    """An alarm leaves INSUFFICIENT_DATA as soon as it exists, for OK if missing data is not breaching."""
    for name, alarm in application.resources("AWS::CloudWatch::Alarm").items():
        if alarm.get("OKActions") and alarm.get("TreatMissingData") == "notBreaching":
            yield f"{name}: remove OKActions, every deployment would mail them"


def every_alarm_says_what_silence_means(application: Application) -> Findings:
    for name, alarm in application.resources("AWS::CloudWatch::Alarm").items():
        if alarm.get("TreatMissingData") not in {"breaching", "notBreaching"}:
            yield f"{name}: give it TreatMissingData, breaching or notBreaching"


def every_alarmed_metric_exists(application: Application) -> Findings:
    for name, alarm in application.resources("AWS::CloudWatch::Alarm").items():
        namespace, metric = alarm.get("Namespace", "no namespace"), alarm.get("MetricName")
        if metric not in METRICS.get(namespace, set()):
            yield f"{name}: no service is known to emit {namespace} {metric}; if one does, add it to the rule"
            continue
        dimension, kind, form = DIMENSIONS[namespace]
        given = {item["Name"]: item["Value"] for item in alarm.get("Dimensions", [])}
        if given not in [{dimension: form % resource} for resource in application.resources(kind)]:
            yield f"{name}: {namespace} {metric} has one dimension, {dimension} of a resource, not {given}"


def every_function_is_watched(application: Application) -> Findings:
    yield from _unwatched(application, "AWS/Lambda", METRICS["AWS/Lambda"])


def the_machine_is_watched(application: Application) -> Findings:
    yield from _unwatched(application, "AWS/States", METRICS["AWS/States"])


def every_dead_letter_queue_is_watched(application: Application) -> Findings:
    watched = _watched(application, "AWS/SQS", "ApproximateNumberOfMessagesVisible")
    for name in sorted(dead_letter_queues(application) - watched):
        yield f"{name}: not monitored, add an alarm"


def a_function_that_slows_down_is_noticed_before_it_times_out(application: Application) -> Findings:
    functions = application.resources("AWS::Lambda::Function")
    for name, alarm in application.resources("AWS::CloudWatch::Alarm").items():
        if alarm.get("MetricName") == "Duration":
            for function in referred(alarm.get("Dimensions", [])) & functions.keys():
                limit = functions[function].get("Timeout", 0) * 1000
                if not limit / 2 <= int(alarm["Threshold"]) < limit:
                    yield f"{name}: its Threshold must be between 50 and 100 % of {function}'s {limit} ms"


def _unwatched(application: Application, namespace: str, metrics: set[str]) -> Findings:
    for metric in sorted(metrics):
        for name in sorted(
            application.resources(DIMENSIONS[namespace][1]).keys() - _watched(application, namespace, metric)
        ):
            yield f"{name}: add an alarm on {metric}"


def _watched(application: Application, namespace: str, metric: str) -> set[str]:
    found: set[str] = set()
    for alarm in application.resources("AWS::CloudWatch::Alarm").values():
        if (alarm.get("Namespace"), alarm.get("MetricName")) == (namespace, metric) and many(alarm.get("AlarmActions")):
            found |= referred(alarm.get("Dimensions", []))
    return found


RULES = (
    every_alarm_tells_somebody,
    no_alarm_mails_its_first_ok_state,
    every_alarm_says_what_silence_means,
    every_alarmed_metric_exists,
    every_function_is_watched,
    the_machine_is_watched,
    every_dead_letter_queue_is_watched,
    a_function_that_slows_down_is_noticed_before_it_times_out,
)
