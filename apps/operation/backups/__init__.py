"""Backups of the house's own data, and bringing them back (docs/backups.md, docs/decisions/0023-backups.md)."""
