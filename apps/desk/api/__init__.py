"""Incidents over HTTP: what the API answers of one is composed of many apps, so it lives on the desk (contract)."""
