"""Sends a mail to those who subscribe to the topic."""

import os

import boto3

from pipeline.mail.run_mail import Mail

TOPIC_ARN = os.environ["TOPIC_ARN"]

sns = boto3.client("sns")


def send(mail: Mail) -> None:
    """Hand a mail to SNS."""
    sns.publish(TopicArn=TOPIC_ARN, Subject=mail.subject, Message=mail.text)
