"""The networks, one module an architecture family."""
