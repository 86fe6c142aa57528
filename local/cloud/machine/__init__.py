"""Step Functions: moto's interpreter, with repairs where it differs from AWS."""
