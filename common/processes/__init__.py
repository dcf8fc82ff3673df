"""Start processes, and measure what they use."""
