"""SingStat: its client and its answers."""
