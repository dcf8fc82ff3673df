"""Recordings of the same cases in several frameworks, and the verdict on them."""
