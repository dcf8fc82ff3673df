"""Setting up an environment: what to install, in which order, and what Jittor needs first."""
