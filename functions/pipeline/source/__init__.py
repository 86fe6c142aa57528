"""SingStat's Table Builder API: the HTTP client and the shapes of its responses."""
