"""How each framework says the same thing: the real definitions, side by side."""
