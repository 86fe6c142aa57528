"""State Notify: mail what readers see anew and what failed."""

import os

import boto3
from pipeline import keys, lake
from pipeline.costs import measure
from pipeline.events import PublishOutcome, RunReference, Tally
from pipeline.mail import compose
from pipeline.task import task

sns = boto3.client("sns")


@task
def handler(run: RunReference) -> RunReference:
    tally = lake.read(keys.run(run.run_id, "tally"), Tally)
    outcome = lake.read(keys.run(run.run_id, "published"), PublishOutcome)
    subject, message = compose(run.run_id, tally, outcome)
    measure.keep(run.run_id)
    sns.publish(TopicArn=os.environ["TOPIC_ARN"], Subject=subject, Message=message)
    return run
