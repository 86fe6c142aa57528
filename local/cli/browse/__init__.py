"""The pages of `singstat browse`."""
