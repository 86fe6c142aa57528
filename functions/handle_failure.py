"""Trigger: an execution failed, timed out or was aborted. Take away what it left running, and mail what to do."""

import os

import boto3
from pipeline import databrew, execution, instances
from pipeline.events import ExecutionEnded
from pipeline.mail import compose_failure
from pipeline.task import task

sns = boto3.client("sns")


@task
def handler(event: ExecutionEnded) -> ExecutionEnded:
    ended = event.detail
    databrew.clear(ended.name)
    instances.terminate(ended.name)
    subject, message = compose_failure(ended, execution.look_up(ended.executionArn))
    sns.publish(TopicArn=os.environ["TOPIC_ARN"], Subject=subject, Message=message)
    return event
