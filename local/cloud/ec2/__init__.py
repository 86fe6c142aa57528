"""EC2: each instance is a process group that runs the user data."""
