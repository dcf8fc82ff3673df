"""One system in one framework as a single script, drawn from the ports' own modules."""
