"""Defects of the state machine."""

from tests.template.planted.defect import Defect, granting, having, put, stating
from tests.template.rules import integrations, quotas, state_machine

RETRIER = {
    "ErrorEquals": ["States.TaskFailed"],
    "MaxAttempts": 5,
    "MaxDelaySeconds": 60,
    "JitterStrategy": "FULL",
}
LAUNCH = {"FunctionName": "${DownloadLargeTableFunctionArn}", "Payload": {"run_id.$": "$.run_id"}}

DEFECTS = {
    "the machine may run for a year": Defect(
        state_machine.the_machine_ends, "machine", lambda app: put(app.machine, {"TimeoutSeconds": None})
    ),
    "a task may run for a year": Defect(
        state_machine.every_task_ends, "Notify", stating("Notify", TimeoutSeconds=None)
    ),
    "a function outlives its state": Defect(
        state_machine.a_lambda_ends_before_its_state, "PlanRun", having("PlanRunFunction", Timeout=60)
    ),
    "a heartbeat is longer than its timeout": Defect(
        state_machine.a_callback_is_heard_before_it_times_out,
        "DownloadLargeTable",
        stating("DownloadLargeTable", HeartbeatSeconds=7200),
    ),
    "a lost worker is not missed": Defect(
        state_machine.a_callback_is_heard_before_it_times_out,
        "DownloadLargeTable",
        stating("DownloadLargeTable", HeartbeatSeconds=None),
    ),
    "a task that is not called back sends heartbeats": Defect(
        state_machine.a_callback_is_heard_before_it_times_out, "Notify", stating("Notify", HeartbeatSeconds=30)
    ),
    "the token is not passed": Defect(
        state_machine.a_callback_passes_its_token,
        "DownloadLargeTable",
        stating("DownloadLargeTable", Parameters=LAUNCH),
    ),
    "the token is passed as its path": Defect(
        state_machine.a_callback_passes_its_token,
        "DownloadLargeTable",
        stating("DownloadLargeTable", Parameters=LAUNCH | {"Payload": {"task_token": "$$.Task.Token"}}),
    ),
    "every error is retried": Defect(
        state_machine.every_task_retries_what_is_named_and_no_longer,
        "Notify: name the errors",
        stating("Notify", Retry=[RETRIER | {"ErrorEquals": ["States.ALL"]}]),
    ),
    "retries are not capped": Defect(
        state_machine.every_task_retries_what_is_named_and_no_longer,
        "RecordFailure: cap its retries",
        stating("RecordFailure", Retry=[RETRIER | {"MaxAttempts": 1000}]),
    ),
    "pauses are not capped": Defect(
        state_machine.every_task_retries_what_is_named_and_no_longer,
        "RecordFailure: cap its delays",
        stating("RecordFailure", Retry=[RETRIER | {"MaxDelaySeconds": 86400}]),
    ),
    "retries come all at once": Defect(
        state_machine.every_task_retries_what_is_named_and_no_longer,
        "RecordFailure: give its retries JitterStrategy",
        stating("RecordFailure", Retry=[RETRIER | {"JitterStrategy": "NONE"}]),
    ),
    "a task is tried once": Defect(
        state_machine.every_task_retries_what_is_named_and_no_longer,
        "RecordFailure: give it a Retry",
        stating("RecordFailure", Retry=None),
    ),
    "an error is retried twice": Defect(
        state_machine.an_error_is_retried_in_one_place,
        "RecordFailure",
        stating("RecordFailure", Retry=[RETRIER, RETRIER]),
    ),
    "Lambda's own errors are not retried": Defect(
        state_machine.a_lambda_task_retries_the_service_errors, "PlanRun", stating("PlanRun", Retry=[RETRIER])
    ),
    "a catch-all is mixed with others": Defect(
        state_machine.a_catch_all_is_last_and_alone,
        "DownloadTable",
        stating("DownloadTable", Catch=[{"ErrorEquals": ["WorkerLost", "States.ALL"], "Next": "RecordFailure"}]),
    ),
    "a catch-all comes first": Defect(
        state_machine.a_catch_all_is_last_and_alone,
        "DownloadTable",
        stating(
            "DownloadTable", Catch=[{"ErrorEquals": [error], "Next": "RecordFailure"} for error in ("States.ALL", "X")]
        ),
    ),
    "a choice may match nothing": Defect(
        state_machine.every_choice_has_a_default, "IsVerified?", stating("IsVerified?", Default=None)
    ),
    "an unknown status waits again": Defect(
        state_machine.no_default_waits_again, "IsVerified?", stating("IsVerified?", Default="WaitForVerification")
    ),
    "an unknown status is checked again": Defect(
        state_machine.no_default_waits_again, "IsCrawlDone?", stating("IsCrawlDone?", Default="CheckCrawl")
    ),
    "a wait loop has no cap": Defect(
        state_machine.every_wait_loop_has_a_cap,
        "WaitForTransform",
        stating("StartTransform", Parameters={"run_id.$": "$.run_id"}),
    ),
    "a wait loop forgets its count": Defect(
        state_machine.every_wait_loop_has_a_cap, "WaitForCrawl", stating("CheckCrawl", ResultPath="$.checked")
    ),
    "the next state is misspelt": Defect(
        state_machine.every_next_exists,
        "PublishTables: no state Notfy",
        stating("PublishTables", Next="Notfy"),
    ),
    "a state is never entered": Defect(
        state_machine.every_state_is_reachable, "Forgotten", stating("Forgotten", Type="Succeed")
    ),
    "items of a map output what nothing reads": Defect(
        quotas.discarded_map_results_are_empty,
        "DownloadChanged: the output of RecordFailure is discarded",
        stating("RecordFailure", OutputPath="$"),
    ),
    "a map takes all at once": Defect(
        state_machine.every_map_is_bounded, "DownloadChanged", stating("DownloadChanged", MaxConcurrency=None)
    ),
    "a path stands for itself": Defect(
        state_machine.paths_stand_under_keys_that_end_in_a_dollar,
        "Notify: run_id",
        stating("Notify", Parameters={"run_id": "$.run_id"}),
    ),
    "a path in an item stands for itself": Defect(
        state_machine.paths_stand_under_keys_that_end_in_a_dollar,
        "DownloadChanged: table_id",
        stating("DownloadChanged", ItemSelector={"table_id": "$$.Map.Item.Value"}),
    ),
    "a substitution is not defined": Defect(
        state_machine.substitutions_are_defined_and_used,
        "NotfyFunctionArn",
        stating("Notify", Resource="${NotfyFunctionArn}"),
    ),
    "a substitution is not used": Defect(
        state_machine.substitutions_are_defined_and_used,
        "Spare",
        having("Pipeline", "DefinitionSubstitutions", Spare="${DataBucket}"),
    ),
    "a substituted function is missing": Defect(
        state_machine.what_is_substituted_exists,
        "NotifyFunctionArn",
        having("Pipeline", "DefinitionSubstitutions", NotifyFunctionArn="${NotfyFunction.Arn}"),
    ),
    "the machine is not traced": Defect(
        state_machine.the_machine_is_traced_and_logged, "trace it", having("Pipeline", TracingConfiguration={})
    ),
    "the machine is not logged": Defect(
        state_machine.the_machine_is_traced_and_logged,
        "level ALL or ERROR",
        having("Pipeline", "LoggingConfiguration", Level="OFF"),
    ),
    "the machine logs what it works on": Defect(
        state_machine.the_machine_is_traced_and_logged,
        "IncludeExecutionData",
        having("Pipeline", "LoggingConfiguration", IncludeExecutionData=True),
    ),
    "an optimised integration is made up": Defect(
        integrations.every_integration_exists,
        "Notify",
        stating("Notify", Resource="arn:aws:states:::glue:startCrawler.sync"),
    ),
    "a task calls nothing that there is": Defect(
        integrations.every_integration_exists, "Notify", stating("Notify", Resource="arn:aws:lambda:::notify")
    ),
    "an SDK call waits for a job": Defect(
        integrations.every_integration_exists,
        "RecordFailure",
        stating("RecordFailure", Resource="arn:aws:states:::aws-sdk:glue:startJobRun.sync"),
    ),
    "an SDK action is misspelt": Defect(
        integrations.every_sdk_call_exists_and_is_complete,
        "putObjekt",
        stating("RecordFailure", Resource="arn:aws:states:::aws-sdk:s3:putObjekt"),
    ),
    "an SDK service goes by another name": Defect(
        integrations.every_sdk_call_exists_and_is_complete,
        "stepfunctions",
        stating("RecordFailure", Resource="arn:aws:states:::aws-sdk:stepfunctions:startExecution"),
    ),
    "an SDK call lacks a required parameter": Defect(
        integrations.every_sdk_call_exists_and_is_complete,
        "RecordFailure: needs the parameter Key",
        stating("RecordFailure", Parameters={"Bucket": "${DataBucket}", "Body": "failed"}),
    ),
    "an SDK call has a parameter too many": Defect(
        integrations.every_sdk_call_exists_and_is_complete,
        "RecordFailure: has no parameter Kee",
        stating("RecordFailure", Parameters={"Bucket": "${DataBucket}", "Key": "failed", "Kee": "failed"}),
    ),
    "a call is not granted": Defect(
        integrations.the_machine_may_do_what_it_calls_and_no_more,
        "grant s3:DeleteObject",
        stating("RecordFailure", Resource="arn:aws:states:::aws-sdk:s3:deleteObject"),
    ),
    "a grant is not used": Defect(
        integrations.the_machine_may_do_what_it_calls_and_no_more,
        "no state calls HandleFailureFunction",
        granting("PipelineRole", "lambda:InvokeFunction", "${HandleFailureFunction.Arn}"),
    ),
}
