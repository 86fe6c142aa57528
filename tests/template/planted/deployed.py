"""Defects of functions, alarms, topics, queues and workers."""

from local.cloud.account import REGION
from tests.template.planted.defect import Defect, added, gone, having, marked, statement, without_statement, writing
from tests.template.rules import alarms, functions, messages, workers

ANYWHERE = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
THIS_ACCOUNT = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
WORKER = ("WorkerTemplate", "LaunchTemplateData")

DEFECTS = {
    "a function has no timeout": Defect(
        functions.every_function_has_limits, "Timeout", having("PlanRunFunction", Timeout=None)
    ),
    "a function has no memory size": Defect(
        functions.every_function_has_limits, "MemorySize", having("PlanRunFunction", MemorySize=None)
    ),
    "a function is not traced": Defect(
        functions.every_function_is_traced, "PlanRunFunction", having("PlanRunFunction", TracingConfig=None)
    ),
    "a function logs for ever": Defect(
        functions.every_function_logs_to_a_group_of_the_template,
        "PlanRunFunction",
        having("PlanRunFunction", LoggingConfig=None),
    ),
    "a handler is misspelt": Defect(
        functions.every_handler_exists, "PlanRunFunction", having("PlanRunFunction", Handler="planrun.handler")
    ),
    "a sample is of no function": Defect(
        functions.every_function_has_its_event, "events/planrun.json", writing("events/planrun.json", "{}")
    ),
    "a function has no sample": Defect(
        functions.every_function_has_its_event,
        "events/plan_run.json",
        lambda application: application.texts.pop("events/plan_run.json"),
    ),
    "a function is built apart": Defect(
        functions.all_functions_are_built_at_once,
        "NotifyFunction",
        marked("NotifyFunction", Metadata={"BuildMethod": "makefile"}),
    ),
    "a failure that could not be handled is lost": Defect(
        functions.what_an_event_cannot_do_is_kept,
        "HandleFailureFunction",
        gone("HandleFailureFunctionEventInvokeConfig"),
    ),
    "a transform is not encrypted": Defect(
        functions.every_transform_is_encrypted_logged_and_ends,
        "EncryptionMode SSE-KMS",
        writing("functions/pipeline/aws/databrew.py", 'databrew.create_recipe_job(EncryptionMode="SSE-S3")'),
    ),
    "an alarm does nothing": Defect(
        alarms.every_alarm_tells_somebody, "PlanRunErrors", having("PlanRunErrors", AlarmActions=None)
    ),
    "an alarm is switched off": Defect(
        alarms.every_alarm_tells_somebody, "PlanRunErrors", having("PlanRunErrors", ActionsEnabled=False)
    ),
    "a deployment mails OK": Defect(
        alarms.no_alarm_mails_its_first_ok_state, "PlanRunErrors", having("PlanRunErrors", OKActions=["${Topic}"])
    ),
    "an alarm does not say what silence means": Defect(
        alarms.every_alarm_says_what_silence_means, "PlanRunErrors", having("PlanRunErrors", TreatMissingData=None)
    ),
    "an alarm is on a metric nobody emits": Defect(
        alarms.every_alarmed_metric_exists, "AWS/Lambda Failures", having("PlanRunErrors", MetricName="Failures")
    ),
    "an alarm is on another dimension": Defect(
        alarms.every_alarmed_metric_exists,
        "PlanRunErrors",
        having("PlanRunErrors", Dimensions=[{"Name": "Function", "Value": "${PlanRunFunction}"}]),
    ),
    "an alarm is on a function that is not there": Defect(
        alarms.every_alarmed_metric_exists,
        "PlanRunErrors",
        having("PlanRunErrors", Dimensions=[{"Name": "FunctionName", "Value": "${PlanFunction}"}]),
    ),
    "throttles of a function go unseen": Defect(
        alarms.every_function_is_watched, "PlanRunFunction: add an alarm on Throttles", gone("PlanRunThrottles")
    ),
    "timed-out runs go unseen": Defect(
        alarms.the_machine_is_watched, "ExecutionsTimedOut", gone("PipelineExecutionsTimedOut")
    ),
    "lost events go unseen": Defect(alarms.every_dead_letter_queue_is_watched, "LostEvents", gone("LostEventsAlarm")),
    "a slow function is noticed too late": Defect(
        alarms.a_function_that_slows_down_is_noticed_before_it_times_out,
        "PlanRunDuration",
        having("PlanRunDuration", Threshold=30000),
    ),
    "the topic has AWS's key": Defect(
        messages.every_topic_has_a_key_of_the_template, "Topic", having("Topic", KmsMasterKeyId="alias/aws/sns")
    ),
    "the topic does not name CloudWatch": Defect(
        messages.who_publishes_is_named_by_the_topic_or_queue, "cloudwatch", without_statement("TopicPolicy", "Alarms")
    ),
    "every account's alarms may publish": Defect(
        messages.who_publishes_is_named_by_the_topic_or_queue,
        "cloudwatch",
        statement("TopicPolicy", "Alarms", Condition=None),
    ),
    "the queue does not name EventBridge": Defect(
        messages.who_publishes_is_named_by_the_topic_or_queue, "LostEvents: let its policy", gone("LostEventsPolicy")
    ),
    "the key does not name CloudWatch": Defect(
        messages.who_publishes_may_use_the_key, "cloudwatch", without_statement("EncryptionKey", "AlarmsUseTheTopic")
    ),
    "the key lets CloudWatch decrypt only": Defect(
        messages.who_publishes_may_use_the_key,
        "kms:GenerateDataKey*",
        statement("EncryptionKey", "AlarmsUseTheTopic", Action="kms:Decrypt"),
    ),
    "every account's alarms use the key": Defect(
        messages.alarms_use_the_key_for_this_account_only,
        "EncryptionKey",
        statement("EncryptionKey", "AlarmsUseTheTopic", Condition=None),
    ),
    "EventBridge is asked for its account": Defect(
        messages.eventbridge_uses_the_key_without_a_source,
        "EncryptionKey",
        statement("EncryptionKey", "EventsUseTheQueue", Condition=THIS_ACCOUNT),
    ),
    "a schedule has no dead-letter queue": Defect(
        messages.what_cannot_be_delivered_is_kept, "YearlyRun", having("YearlyRun", "Target", DeadLetterConfig=None)
    ),
    "an event has no dead-letter queue": Defect(
        messages.what_cannot_be_delivered_is_kept,
        "HandleFailureFunctionRunEndedBadly",
        having("HandleFailureFunctionRunEndedBadly", "Targets", 0, DeadLetterConfig=None),
    ),
    "a queue has no dead-letter queue": Defect(
        messages.what_cannot_be_delivered_is_kept, "Planted", added("AWS::SQS::Queue", {})
    ),
    "a schedule may not use its dead-letter queue": Defect(
        messages.a_schedule_may_use_its_dead_letter_queue,
        "YearlyRun",
        having("YearlyRun", "Target", DeadLetterConfig={"Arn": "${OtherQueue.Arn}"}),
    ),
    "SSH is open to the world": Defect(
        workers.no_security_group_lets_anybody_in,
        "WorkerSecurityGroup",
        having("WorkerSecurityGroup", SecurityGroupIngress=[ANYWHERE]),
    ),
    "SSH is opened beside the group": Defect(
        workers.no_security_group_lets_anybody_in, "Planted", added("AWS::EC2::SecurityGroupIngress", ANYWHERE)
    ),
    "metadata are answered without a token": Defect(
        workers.instances_answer_metadata_by_token_and_one_hop,
        "HttpTokens",
        having(*WORKER, "MetadataOptions", HttpTokens="optional"),
    ),
    "metadata are answered to containers": Defect(
        workers.instances_answer_metadata_by_token_and_one_hop,
        "HttpPutResponseHopLimit",
        having(*WORKER, "MetadataOptions", HttpPutResponseHopLimit=2),
    ),
    "a worker that shuts down is kept": Defect(
        workers.instances_end_when_they_shut_down,
        "terminate",
        having(*WORKER, InstanceInitiatedShutdownBehavior="stop"),
    ),
    "a volume is not encrypted": Defect(
        workers.volumes_are_encrypted_and_end_with_their_instance,
        "encrypt its volumes",
        having(*WORKER, "BlockDeviceMappings", 0, "Ebs", Encrypted=False),
    ),
    "a volume outlives its instance": Defect(
        workers.volumes_are_encrypted_and_end_with_their_instance,
        "DeleteOnTermination",
        having(*WORKER, "BlockDeviceMappings", 0, "Ebs", DeleteOnTermination=False),
    ),
    "workers are tagged in two places": Defect(
        workers.instances_and_volumes_are_tagged_in_one_place,
        "WorkerTemplate",
        having(*WORKER, TagSpecifications=[{"ResourceType": "instance", "Tags": []}]),
    ),
    "a worker's volume has no tag": Defect(
        workers.instances_and_volumes_are_tagged_in_one_place,
        "its volume",
        lambda app: app.texts.update({workers.LAUNCH: '_tags("instance", {})'}),
    ),
    "workers have one zone": Defect(
        workers.workers_have_two_zones,
        "a zone of its own",
        having("WorkerSubnet1", AvailabilityZone=f"{REGION}a"),
    ),
    "AWS chooses the workers' zone": Defect(
        workers.workers_have_two_zones, "a zone of its own", having("WorkerSubnet1", AvailabilityZone=None)
    ),
    "a zone is not tried": Defect(
        workers.workers_have_two_zones,
        "DownloadLargeTableFunction",
        having("DownloadLargeTableFunction", "Environment", "Variables", WORKER_SUBNETS="${WorkerSubnet0}"),
    ),
    "the launch template's interface fixes the subnet": Defect(
        workers.workers_have_two_zones,
        "NetworkInterfaces",
        having(*WORKER, NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": "${WorkerSubnet0}"}]),
    ),
    "a worker has an SSH key": Defect(workers.nobody_logs_in_by_a_key_pair, "KeyName", having(*WORKER, KeyName="mine")),
}
