"""The account, region and stack that the laptop stands for."""

ACCOUNT = "123456789012"
REGION = "ap-southeast-1"
STACK_NAME = "singstat"
