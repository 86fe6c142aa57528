"""AWS services that moto lacks, or whose behaviour the laptop replaces."""
