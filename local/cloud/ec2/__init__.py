"""EC2 on the laptop: an instance is a process group that runs its user data."""
