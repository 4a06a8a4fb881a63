"""The audit stream, and the seals over everything that is written once (docs/audit.md).

A seal and a layout each are one line of text and the SHA-256 of that line: what is hashed is what is stored, so that
it can be checked with nothing but a hash function.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from apps.core import clock, origins
from apps.core.audited import Act
from apps.core.models import AppendOnly, History, WrittenOnce
from apps.core.names import NameField
from apps.core.personal import Personal
from apps.incidents.models import Incident


class Layout(WrittenOnce):
    """Which columns of a table are sealed, in which order: never changed; another list is another layout."""

    table = models.CharField(max_length=63, db_index=True)
    body = models.TextField(help_text="JSON: the table, its key, the columns, and whose the personal ones are.")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the body.")

    def __str__(self) -> str:
        return f"{self.table} {self.digest[:8]}"

    @cached_property
    def told(self) -> dict[str, Any]:
        """What the body says."""
        told: dict[str, Any] = json.loads(self.body)
        return told


class Seal(WrittenOnce):
    """One link of the chain: the Merkle root over the rows that were new, and the hash of the seal before it."""

    number = models.BigIntegerField(primary_key=True)
    body = models.TextField(help_text="JSON: what is sealed, and the hash of the seal before.")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the body: the head of the chain.")

    class Meta(WrittenOnce.Meta):
        ordering = ["number"]

    def __str__(self) -> str:
        return f"Seal {self.number}"

    @cached_property
    def told(self) -> dict[str, Any]:
        """What the body says."""
        told: dict[str, Any] = json.loads(self.body)
        return told


class Leaves(WrittenOnce):
    """A stretch of a seal's leaves: rows of one table by their keys, and the digests of what they said."""

    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="leaves")
    layout = models.ForeignKey(Layout, on_delete=models.PROTECT, related_name="+")
    position = models.BigIntegerField(help_text="The place of the first of them among the seal's leaves, from 0.")
    lowest = models.BigIntegerField(help_text="The lowest of the keys.")
    highest = models.BigIntegerField(help_text="The highest of the keys.")
    numbers = ArrayField(models.BigIntegerField(), help_text="The keys, in the order of the leaves.")
    digests = ArrayField(models.BinaryField(), help_text="SHA-256 of each row's canonical text.")

    class Meta(WrittenOnce.Meta):
        ordering = ["seal_id", "position"]
        verbose_name_plural = "leaves"
        constraints = [models.UniqueConstraint(fields=["seal", "position"], name="audit_leaves_once_per_place")]
        indexes = [models.Index(fields=["layout", "highest"], name="audit_leaves_of_rows")]

    def __str__(self) -> str:
        return f"{len(self.numbers)} leaves of seal {self.seal_id}"


class PersonalKey(models.Model):
    """The key under which one person's data are sealed. The one table here that is meant to lose rows."""

    subject = models.CharField(max_length=100, primary_key=True, help_text="Whose it is: person:42.")
    key = models.BinaryField(help_text="32 random bytes.")

    def __str__(self) -> str:
        return self.subject


class Entry(AppendOnly):
    """One line of the audit stream: an act that leaves no row with a history (``core.audited``)."""

    at = models.DateTimeField(default=clock.now, db_index=True)
    act = models.CharField(max_length=32, choices=Act)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+",
        help_text="Who did it; empty where that is not known, or the house did it.",
    )  # fmt: skip
    text = models.TextField()
    about_table = models.CharField(max_length=63, blank=True, help_text="The table of what it was done to, if any.")
    about_row = models.CharField(max_length=64, blank=True, help_text="And which row of it.")
    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, null=True, related_name="+",
        help_text="The incident that it tells of: whoever may not see that does not see this.",
    )  # fmt: skip
    teams = ArrayField(models.BigIntegerField(), default=list, help_text="Whose it is; empty: the organisation's.")
    data = models.JSONField(default=dict)
    request = origins.request_column()
    address = origins.address_column()

    class Meta(AppendOnly.Meta):
        ordering = ["-at", "-id"]
        verbose_name_plural = "entries"
        indexes = [GinIndex(fields=["teams"], name="audit_entry_teams")]

    def __str__(self) -> str:
        return self.text


class SavedView(models.Model):
    """A search of the record that somebody wants to find again: only theirs."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="audit_views")
    name = NameField(max_length=80)
    query = models.TextField(help_text="The filters, as they stand in the address of the page.")

    history = History(personal=Personal(("name", "query"), of="person_id", own=True))

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["person", "name"], name="audit_view_once_per_name")]

    def __str__(self) -> str:
        return self.name
