"""What the house can bear, measured with its real servers (``make bench``)."""
