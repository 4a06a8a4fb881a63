"""Posts in social media, by a webhook that the organisation keeps."""
