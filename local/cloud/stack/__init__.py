"""CloudFormation: resources made from the translated template."""
