"""What a run costs, and what the application costs by the bill."""
