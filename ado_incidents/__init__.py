"""The project: settings, URLs, Celery and the WSGI entry."""

from ado_incidents.celery import app as celery_app

__all__ = ["celery_app"]
