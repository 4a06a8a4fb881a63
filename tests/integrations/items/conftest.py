"""A Jira to keep action items in."""

from tests.integrations.jira.conftest import jira

__all__ = ["jira"]
