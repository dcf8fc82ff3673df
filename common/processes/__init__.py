"""Processes of this project: starting them, and what they use."""
