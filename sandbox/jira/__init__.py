"""Jira Cloud's REST API, as far as tickets of incidents need it."""
