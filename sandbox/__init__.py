"""What a development installation sends to, and a page that shows it. Present only where SANDBOX_DIR is set."""
