"""Rules of a run: its plan, polls, verification, history and outcomes."""
