"""The project's version, in the one place that both packaging and reports read."""

__version__ = "0.1.0"
