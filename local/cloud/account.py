"""The account, region and stack name of the laptop's AWS."""

ACCOUNT = "123456789012"
REGION = "ap-southeast-1"
STACK_NAME = "singstat"
