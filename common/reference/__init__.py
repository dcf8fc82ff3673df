"""Reference formulas in NumPy and float64, from the papers and independent of the ports."""
