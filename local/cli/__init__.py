"""The `singstat` command."""
