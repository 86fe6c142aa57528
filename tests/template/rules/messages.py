"""Rules of topics, queues and their key: policies name the publishers; undeliverable messages are kept."""

from collections.abc import Iterator

from tests.template.rules.application import Application, Document, Findings, many, referred
from tests.template.rules.permissions import grants_of

CLOUDWATCH, EVENTBRIDGE = "cloudwatch.amazonaws.com", "events.amazonaws.com"
SENDS = {"AWS::SNS::Topic": ("AWS::SNS::TopicPolicy", "Topics"), "AWS::SQS::Queue": ("AWS::SQS::QueuePolicy", "Queues")}


def destinations(application: Application) -> set[tuple[str, str]]:
    """Services that publish by themselves, each with the logical id of the topic or queue."""
    found = set()
    for alarm in application.resources("AWS::CloudWatch::Alarm").values():
        actions = [alarm.get(kind) for kind in ("AlarmActions", "OKActions", "InsufficientDataActions")]
        found |= {(CLOUDWATCH, name) for name in referred(actions)}
    for rule in application.resources("AWS::Events::Rule").values():
        for target in rule["Targets"]:
            found |= {(EVENTBRIDGE, name) for name in referred([target["Arn"], target.get("DeadLetterConfig")])}
    known = set().union(*(application.resources(kind) for kind in SENDS))
    return {(service, name) for service, name in found if name in known}


def dead_letter_queues(application: Application) -> set[str]:
    """Logical ids of the dead-letter queues."""
    targets = [target for rule in application.resources("AWS::Events::Rule").values() for target in rule["Targets"]]
    targets += [schedule["Target"] for schedule in application.resources("AWS::Scheduler::Schedule").values()]
    places = [target.get("DeadLetterConfig") for target in targets]
    places += [queue.get("RedrivePolicy") for queue in application.resources("AWS::SQS::Queue").values()]
    places += [
        each.get("DestinationConfig") for each in application.resources("AWS::Lambda::EventInvokeConfig").values()
    ]
    return referred(places) & application.resources("AWS::SQS::Queue").keys()


def every_topic_has_a_key_of_the_template(application: Application) -> Findings:
    keys = application.resources("AWS::KMS::Key").keys()
    for name, topic in application.resources("AWS::SNS::Topic").items():
        if not referred(topic.get("KmsMasterKeyId")) & keys:
            yield f"{name}: encrypt it with a key of the template; services cannot publish with the AWS managed key"


def who_publishes_is_named_by_the_topic_or_queue(application: Application) -> Findings:
    for service, name in sorted(destinations(application)):
        allowed = [
            statement
            for kind, attached in SENDS.values()
            for policy in application.resources(kind).values()
            if name in referred(policy[attached])
            for statement in _allowing(policy["PolicyDocument"], service)
            if {"sns:Publish", "sqs:SendMessage"} & set(many(statement["Action"]))
        ]
        if not any("aws:Source" in str(statement.get("Condition")) for statement in allowed):
            yield f"{name}: let its policy name {service}, with SourceAccount or SourceArn"


def who_publishes_may_use_the_key(application: Application) -> Findings:
    for service, name in sorted(destinations(application)):
        holders = {**application.resources("AWS::SNS::Topic"), **application.resources("AWS::SQS::Queue")}
        for key in sorted(referred(holders[name].get("KmsMasterKeyId"))):
            for action in ("kms:Decrypt", "kms:GenerateDataKey*"):
                if not any(
                    action in many(statement["Action"]) for statement in key_statements(application, key, service)
                ):
                    yield f"{key}: grant {service} {action}, it publishes to {name}"


def alarms_use_the_key_for_this_account_only(application: Application) -> Findings:
    for key in application.resources("AWS::KMS::Key"):
        for statement in key_statements(application, key, CLOUDWATCH):
            if "aws:SourceAccount" not in str(statement.get("Condition")):
                yield f"{key}: give the statement of {CLOUDWATCH} the condition aws:SourceAccount"


def eventbridge_uses_the_key_without_a_source(application: Application) -> Findings:
    for key in application.resources("AWS::KMS::Key"):
        for statement in key_statements(application, key, EVENTBRIDGE):
            if "aws:Source" in str(statement.get("Condition")):
                yield f"{key}: remove the condition; EventBridge sends no aws:Source... key, every event would be lost"


def what_cannot_be_delivered_is_kept(application: Application) -> Findings:
    queues = dead_letter_queues(application)
    for name, rule in application.resources("AWS::Events::Rule").items():
        for target in rule["Targets"]:
            if not referred(target.get("DeadLetterConfig")) & queues:
                yield f"{name}: give its target a dead-letter queue"
    for name, schedule in application.resources("AWS::Scheduler::Schedule").items():
        if not referred(schedule["Target"].get("DeadLetterConfig")) & queues:
            yield f"{name}: give its target a dead-letter queue"
    for name, queue in application.resources("AWS::SQS::Queue").items():
        if name not in queues and not queue.get("RedrivePolicy"):
            yield f"{name}: give it a dead-letter queue"


def a_schedule_may_use_its_dead_letter_queue(application: Application) -> Findings:
    for name, schedule in application.resources("AWS::Scheduler::Schedule").items():
        for role in referred(schedule["Target"]["RoleArn"]):
            sendable = [grant.resources for grant in grants_of(application, role) if "sqs:SendMessage" in grant.actions]
            for queue in sorted(referred(schedule["Target"].get("DeadLetterConfig")) - referred(sendable)):
                yield f"{name}: grant its role sqs:SendMessage on {queue}"


def key_statements(application: Application, key: str, service: str) -> list[Document]:
    """The Allow statements of a key policy for a service."""
    properties = application.resources("AWS::KMS::Key").get(key, {})
    return list(_allowing(properties.get("KeyPolicy", {"Statement": []}), service))


def _allowing(policy: Document, service: str) -> Iterator[Document]:
    for statement in policy["Statement"]:
        principal = statement.get("Principal")
        if statement["Effect"] == "Allow" and isinstance(principal, dict) and service in many(principal.get("Service")):
            yield statement


RULES = (
    every_topic_has_a_key_of_the_template,
    who_publishes_is_named_by_the_topic_or_queue,
    who_publishes_may_use_the_key,
    alarms_use_the_key_for_this_account_only,
    eventbridge_uses_the_key_without_a_source,
    what_cannot_be_delivered_is_kept,
    a_schedule_may_use_its_dead_letter_queue,
)
