"""The emergency page: contacts, chains and who is on call, kept in a file that needs no database to be read (R8)."""
