"""``manage.py notify_test``: a test to each method, and what became of it."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from apps.contacts.models import ContactMethod, MethodKind
from apps.core.errors import NotAllowed
from apps.engine.runner import run_due
from apps.notifications import actions
from apps.notifications.models import Channel, Notification
from apps.notifications.transports import AddressRefused
from apps.teams.models import TeamRole
from tests.factories.teams import make_person
from tests.factories.transports import served
from tests.notifications.conftest import add_method


@pytest.fixture(autouse=True)
def mails(db, monkeypatch):
    """Mail is taken; while the command waits the engine works."""
    monkeypatch.setattr("apps.notifications.management.commands.notify_test.time.sleep", lambda _: run_due())
    with served(Channel.EMAIL) as recorder:
        yield recorder


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("notify_test", *arguments, stdout=out)
    return out.getvalue()


def test_each_method_gets_a_test_and_its_outcome_is_printed(olga, mails):
    printed = run("--user", "OLGA@example.com").splitlines()
    assert [line.split()[-1] for line in printed] == ["Sent", "Sent"]
    assert {message.address for message in mails.messages} == {"olga@example.com", "olga@home.example"}


def test_as_json_it_is_read_by_machines(olga, mails):
    told = json.loads(run("--user", "olga@example.com", "--json"))
    assert [(each["channel"], each["to"], each["state"], each["error"]) for each in told] == [
        ("email", "olga@example.com", "sent", None),
        ("email", "olga@home.example", "sent", None),
    ]


def test_a_call_that_nobody_has_answered_yet_is_said_to_ring(olga, mails):
    with served(Channel.VOICE):
        add_method(olga, MethodKind.VOICE, "+4930901820")
        *_, called = run("--user", "olga@example.com", "--wait", "0.1").splitlines()
    assert called.split(maxsplit=3)[3] == "Sent  It rings, and nobody answered yet."


def test_where_nothing_arrives_it_fails_and_says_why(olga, mails):
    mails.error = AddressRefused("550 no such user")
    with pytest.raises(CommandError, match="Nothing reached Olga"):
        run("--user", "olga@example.com")
    assert Notification.objects.filter(person=olga).exists()


def test_an_unknown_person_nobody_reachable_and_a_wait_that_is_none_are_refused(olga):
    with pytest.raises(CommandError, match=r"Nobody here has the address nobody@example\.com"):
        run("--user", "nobody@example.com")
    with pytest.raises(CommandError, match="--wait takes 0 to 120"):
        run("--user", "olga@example.com", "--wait", "1e9")
    ContactMethod.objects.update(verified_at=None)
    with pytest.raises(CommandError, match="Olga cannot be reached"):
        run("--user", "olga@example.com")
    assert not Notification.objects.exists()


def test_it_waits_no_longer_than_it_was_told(olga, mails):
    printed = run("--user", "olga@example.com", "--wait", "0").splitlines()
    assert [line.split()[-1] for line in printed] == ["Planned", "Planned"]


def test_tests_do_not_follow_one_another_at_once_nor_come_from_anybody(olga, team, mails, clock):
    actions.send_test(olga, by=olga)
    with pytest.raises(CommandError, match="a moment ago"):
        run("--user", "olga@example.com")
    clock.shift(seconds=31)
    with pytest.raises(NotAllowed):
        actions.send_test(olga, by=make_person("Eve", team, TeamRole.MANAGER))
    assert actions.send_test(olga, by=make_person("Ada", None, TeamRole.ADMIN)) is not None
