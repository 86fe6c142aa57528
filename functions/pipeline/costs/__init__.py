"""What one run costs, estimated from its history and list prices."""
