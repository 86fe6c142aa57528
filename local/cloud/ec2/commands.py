"""An instance's commands, run as a script: `shutdown` calls the laptop, `aws s3 cp` uses boto3."""

import re
import sys
from urllib.request import urlopen


def main(command: str, *arguments: str) -> None:
    """Run `shutdown` or `aws`; exits with a message if the arguments are not supported."""
    if command == "shutdown":
        shutdown(*arguments)
    else:
        copy(*arguments)


def shutdown(address: str, *arguments: str) -> None:
    """`shutdown -h now` or `shutdown -h +MINUTES`: POST the minutes to the laptop's address."""
    asked = re.fullmatch(r"-h (?:now|\+(\d+))", " ".join(arguments))
    if not asked:
        sys.exit("shutdown: the laptop's instances support only -h now and -h +MINUTES")
    with urlopen(address, (asked[1] or "0").encode()):  # noqa: S310 - the laptop's own http address
        pass


def copy(*arguments: str) -> None:
    """`aws s3 cp [--quiet] s3://BUCKET/KEY FILE`."""
    asked = re.fullmatch(r"s3 cp (?:--quiet )?s3://([^/ ]+)/([^ ]+) ([^ ]+)", " ".join(arguments))
    if not asked:
        sys.exit("aws: the laptop's instances support only s3 cp [--quiet] s3://BUCKET/KEY FILE")
    bucket, key, file = asked.groups()
    import boto3  # noqa: PLC0415 - shutdown does not need it
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        boto3.client("s3").download_file(bucket, key, file)
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"fatal error: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
