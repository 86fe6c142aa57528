"""Lambda: each function is a warm Python process with that function's environment and key."""
