"""What the OpenAPI documents say beyond what FastAPI reads off the routes."""
