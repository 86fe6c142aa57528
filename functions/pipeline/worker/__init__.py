"""The process on an EC2 instance that downloads one large table."""
