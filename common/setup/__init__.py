"""Set up an environment: installing the frameworks, and preparing Jittor."""
