"""What a step does with AWS: rules and adapters put together."""
