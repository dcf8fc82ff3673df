"""Pictures, charts and tables."""
