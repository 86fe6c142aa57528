"""Step Functions: moto's interpreter, repaired."""
