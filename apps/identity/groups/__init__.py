"""Groups of an identity provider, and which roles they give."""
