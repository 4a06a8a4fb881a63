"""Writes of alerts, one verb a function."""

from apps.alerts.actions.integrations import create_integration, rotate_key
from apps.alerts.actions.receiving import receive

__all__ = ["create_integration", "receive", "rotate_key"]
