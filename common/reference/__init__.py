"""The formulas in NumPy and float64, written from the papers and apart from every port."""
