"""Whether the house's own data are whole: checksums, counts, references, workflows, permissions (R23)."""
