"""How fast a port steps, beside the plainest loop of its own framework."""
