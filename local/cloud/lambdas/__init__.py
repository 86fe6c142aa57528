"""Lambda on the laptop: a warm Python process per function and concurrent invocation."""
