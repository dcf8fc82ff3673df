"""The same definition in each of the four packages, side by side."""
