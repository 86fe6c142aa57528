"""The process on the EC2 instance that downloads a large table."""
