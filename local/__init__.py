"""The laptop: the whole pipeline without an account."""
