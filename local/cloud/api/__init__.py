"""The laptop's API Gateway: the routes, models and mapping templates that the template deploys, on loopback."""
