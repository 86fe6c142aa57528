"""IAM on the laptop: each call of a role is authorized by the template's policies, and each grant used is recorded."""
