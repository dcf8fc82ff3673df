"""Mistakes planted into users' ports, to see whether `rosetta check` finds and names them."""
