"""The same comparison in several environments: other versions of the frameworks and of Python."""
