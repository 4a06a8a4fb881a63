"""Two administrators erase the same person at once: one does, the other is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from apps.audit import sealing, verifying
from apps.core.errors import RuleViolation
from apps.core.models import Erasure
from apps.privacy import actions
from apps.teams import actions as teams
from apps.teams.models import User
from tests.escalation.test_races import one_waits_for_the_other

pytestmark = pytest.mark.django_db(transaction=True)


def test_sealing_goes_on_meanwhile(canary: User, root: User) -> None:
    """A row is sealed by its values or by what stands in their place, whoever comes first."""
    together = Barrier(2)

    def seal() -> None:
        try:
            together.wait(10)
            for _ in range(20):
                sealing.seal()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        sealed = pool.submit(seal)
        together.wait(10)
        actions.erase(canary.pk, by=root, reason="They left")
        sealed.result(60)
    sealing.seal()
    assert verifying.verify(every=True).findings == []


def test_two_at_once(canary: User, root: User) -> None:
    together = Barrier(2)

    def erase() -> str:
        try:
            together.wait(10)
            actions.erase(canary.pk, by=root, reason="They left")
        except RuleViolation as refused:
            return str(refused)
        finally:
            connection.close()
        return "erased"

    with ThreadPoolExecutor(2) as pool:
        told = sorted(each.result(60) for each in [pool.submit(erase), pool.submit(erase)])
    assert told == ["They are erased already.", "erased"]
    assert Erasure.objects.filter(subject=f"person:{canary.pk}").count() == 1
    assert verifying.verify(every=True).findings == []


def test_the_lock_of_administrators_comes_before_any_row(canary: User, root: User) -> None:
    """Whoever provisions holds it, and writes the person then."""
    one_waits_for_the_other(
        teams.lock_administrators,
        lambda: actions.erase(canary.pk, by=root, reason="They left"),
        then=lambda: User.objects.select_for_update().get(pk=canary.pk),
    )
    assert Erasure.objects.filter(subject=f"person:{canary.pk}").exists()
