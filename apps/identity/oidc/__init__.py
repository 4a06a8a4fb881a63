"""Signing in by an identity provider (OpenID Connect): django-allauth asks it, the house decides who comes in."""
