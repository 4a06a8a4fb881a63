"""SCIM 2.0 (RFC 7643, RFC 7644): identity providers make, change and deactivate people here, and keep groups."""
