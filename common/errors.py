"""The one error that is the user's to mend."""


class UsageError(Exception):
    """Bad input: names the thing and the remedy; the command line prints it and exits with 2."""
