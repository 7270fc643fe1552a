"""Runs laid over one another, and what differs between them."""
