"""How good generated samples are, in NumPy, SciPy and scikit-learn, without a download."""
