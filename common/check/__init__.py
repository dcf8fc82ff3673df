"""Compare ports of a user's own model, and find where the first one goes wrong."""
