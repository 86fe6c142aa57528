"""What the functions share: rules without AWS, clock or environment, and thin adapters."""
