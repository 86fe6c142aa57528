"""What the functions behind API Gateway share."""
