"""CloudFormation on the laptop: the resources of the translated template."""
