"""The topic that mails are published to."""

import os

from pipeline.aws.clients import client
from pipeline.mail.run_mail import Mail

TOPIC_ARN = os.environ["TOPIC_ARN"]

sns = client("sns")


def send(mail: Mail) -> None:
    """Publish a mail to the topic (Publish)."""
    sns.publish(TopicArn=TOPIC_ARN, Subject=mail.subject, Message=mail.text)
