"""Somebody acknowledges at the moment in which the next level is due."""
