"""Which tensor of one file is which of another, and in what layout."""
