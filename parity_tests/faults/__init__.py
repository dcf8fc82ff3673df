"""Mistakes that a port could make, planted one at a time into a correct port."""
