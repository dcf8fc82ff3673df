"""`python -m common`: the `rosetta` command without installation."""

from common.cli import main

main()
