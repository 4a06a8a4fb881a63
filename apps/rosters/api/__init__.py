"""Rosters over HTTP: read, kept, and everything that changes who is on call for a while (contract, "HTTP API")."""
