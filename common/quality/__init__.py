"""Measures of sample quality, with NumPy, SciPy and scikit-learn, without a download."""
