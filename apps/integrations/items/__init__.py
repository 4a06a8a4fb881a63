"""Action items in ticket systems: made there, changed with the item, and done here once they are done there (R30)."""
