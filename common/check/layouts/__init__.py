"""How arrays lie in one another: patterns of axes, flips, the order of flattening, and names."""
