"""How fast a port trains, compared with a plain loop in the same framework."""
