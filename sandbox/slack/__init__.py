"""Slack's Web API and interactions. Source: its public reference of methods, Block Kit and request signing."""
