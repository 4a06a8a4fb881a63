"""Twilio's REST API 2010-04-01: messages and calls, with signed call-backs. Source: its public API reference."""
