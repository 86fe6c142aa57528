"""The AWS services that moto lacks or that the laptop replaces."""
