"""Whoever is erased is found nowhere, and what they did stays."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from apps.audit import verifying
from apps.audit.models import Entry
from apps.contacts.models import ContactMethod, EmergencyContact, MethodKind, StoppedNumber
from apps.core import clock
from apps.core.audited import Act
from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.core.models import Commitment, Erasure
from apps.engine import actions as engine
from apps.engine.models import State, Timer
from apps.engine.runner import run_due
from apps.identity.addresses import TELL
from apps.identity.models import Invitation
from apps.incidents import actions as incidents
from apps.incidents.models import Incident, ResponseRole, RoleAssignment, TimelineEvent
from apps.integrations.models import SlackAnswer
from apps.notifications.models import Notification
from apps.privacy import actions, handlers, mentions, reasons
from apps.teams import actions as teams
from apps.teams.models import Team, TeamRole, User
from tests.audit.conftest import many_states, seal
from tests.factories.incidents import declare
from tests.factories.teams import make_person
from tests.privacy.conftest import ADDRESS, FORMER, NAME, NUMBER, TRACES
from tests.secrets.canaries import found_in_database

pytestmark = [pytest.mark.django_db(transaction=True)]

#: What is sealed as it was written (docs/privacy.md): sentences of the timeline, and whom the procedures named to call.
STAYS = {"incidents_proceduresrevision.document", "incidents_timelineevent.text"}
WHY = "They left, and asked for it"


def erase(person: User, *, by: User) -> Erasure:
    """Erase them, with what the engine does afterwards."""
    erasure = actions.erase(person.pk, by=by, reason=WHY)
    for planned in Timer.objects.filter(kind=mentions.REPLACE, state=State.PENDING):
        handlers.replace_mentions(planned)
    return erasure


def columns_with_traces() -> set[str]:
    return {found.partition(":")[0] for found in found_in_database(TRACES)} - STAYS


def test_no_trace_is_left_in_any_column_of_any_table(canary: User, root: User) -> None:
    seal()
    assert len(columns_with_traces()) > 20
    erase(canary, by=root)
    assert columns_with_traces() == set()
    seal()
    assert verifying.verify(every=True).findings == []


def test_what_they_did_stays_under_a_pseudonym(canary: User, root: User, incident: Incident) -> None:
    erasure = erase(canary, by=root)
    canary.refresh_from_db()
    assert (canary.name, canary.email) == (erasure.pseudonym, f"person-{canary.pk}@erased.invalid")
    assert (canary.is_active, canary.has_usable_password(), canary.memberships.exists()) == (False, False, False)
    said = TimelineEvent.objects.get(text="I looked at the disks.")
    assert str(said.actor) == erasure.pseudonym
    assert Notification.objects.get(person=root, step="2").subject == f"{erasure.pseudonym} answered"
    assert canary.history.latest().name == erasure.pseudonym


def test_the_record_says_who_erased_and_why_and_not_whom_by_name(canary: User, root: User) -> None:
    erasure = erase(canary, by=root)
    entry = Entry.objects.get(act=Act.ERASED)
    assert (entry.by, entry.data, entry.about_row) == (root, {"reason": WHY}, str(canary.pk))
    assert entry.text == f"Erased the personal data of {erasure.pseudonym}"
    assert (erasure.by, erasure.reason) == (root, WHY)


def test_others_keep_what_is_theirs(canary: User, root: User) -> None:
    erase(canary, by=root)
    root.refresh_from_db()
    assert root.name == "Root Admin"
    assert set(root.history.values_list("email", flat=True)) == {"root@example.com"}
    assert User.objects.get(name="Rita").contact_methods.exists()


@pytest.mark.parametrize("word", ["commander", "to acknowledge", "2026-11", "2026-11-27", "INC-12345", "UTC", "@here"])
def test_a_word_of_the_house_is_no_name(canary: User, root: User, incident: Incident, word: str) -> None:
    """Whoever is about to leave says what they are reached by, and nobody looks at it."""
    ContactMethod.objects.create(person=canary, kind=MethodKind.SLACK, value=word).delete()
    timers = set(Timer.objects.exclude(kind=TELL).values_list("kind", "key"))
    told = Notification.objects.filter(person=root, step="2")
    told.update(text=f"Somebody is asked {word} at {word}T10:00:00+00:00")
    erase(canary, by=root)
    assert told.get().text == f"Somebody is asked {word} at {word}T10:00:00+00:00"
    assert timers <= set(Timer.objects.exclude(kind=TELL).values_list("kind", "key"))


def test_nothing_that_the_engine_is_to_do_is_rewritten(canary: User, root: User) -> None:
    """But for the mail to their former address, which nobody is to get any more."""
    payload = {"due_at": "2026-11-27T10:00:00+00:00", "name": NAME}
    engine.schedule("communications.reminder", due_at=clock.now(), key="remind", payload=payload)
    assert Timer.objects.filter(kind=TELL).exists()
    erase(canary, by=root)
    assert Timer.objects.get(key="remind").payload == payload
    assert not Timer.objects.filter(kind=TELL).exists()


def test_what_the_house_wrote_is_rewritten_by_the_engine_once_it_is_certain(canary: User, root: User) -> None:
    """Until then the words are kept where nobody reads them, and not at all afterwards."""
    told = Notification.objects.filter(person=root, step="2")
    actions.erase(canary.pk, by=root, reason=WHY)
    assert NAME in told.get().subject
    assert [found for found in found_in_database(TRACES) if found.startswith("engine_timer.payload")] == []
    run_due()
    assert NAME not in told.get().subject
    planned = list(Timer.objects.filter(kind=mentions.REPLACE))
    assert len(planned) == len(mentions.WRITTEN_BY_THE_HOUSE)
    assert {(each.state, *each.payload) for each in planned} == {(State.DONE, "table", "pseudonym")}
    for each in planned:
        handlers.replace_mentions(each)  # as after a crash between the two


def test_what_waits_of_one_erasure_is_not_lost_by_the_next(canary: User, root: User) -> None:
    told = Notification.objects.filter(person=root, step="2")
    actions.erase(canary.pk, by=root, reason=WHY)
    ContactMethod.objects.create(person=canary, kind=MethodKind.SMS, value=NUMBER)
    actions.erase(canary.pk, by=root, reason=WHY)
    run_due()
    assert NAME not in told.get().subject


def test_what_others_are_called_and_reached_by_stays_theirs(canary: User, root: User, team: Team) -> None:
    """A namesake, a number that two share, and what the procedures call whoever it is."""
    namesake = make_person(NAME, team, TeamRole.RESPONDER)
    ContactMethod.objects.create(person=namesake, kind=MethodKind.SMS, value=NUMBER)
    contact = EmergencyContact.objects.get(person=canary)
    contact.name = "Incident Commander"
    contact.save()
    EmergencyContact.objects.create(group="escalation", key="ic", name="Chris", title="Incident Commander")
    told = Notification.objects.filter(person=root, step="2")
    told.update(text=f"{NAME} is Incident Commander, at {NUMBER}; {ADDRESS}")
    erasure = erase(canary, by=root)
    assert told.get().text == f"{NAME} is Incident Commander, at {NUMBER}; {erasure.pseudonym}"


def test_a_name_after_a_line_break_is_found_in_what_is_structured(canary: User, root: User) -> None:
    answer = SlackAnswer.objects.create(
        key="1", written_at=clock.now(), channel="C1", ts="1", member="U1", text="",
        blocks=[{"text": f'Told:\n{NAME} "{ADDRESS}"'}],
    )  # fmt: skip
    erasure = erase(canary, by=root)
    answer.refresh_from_db()
    assert answer.blocks == [{"text": f'Told:\n{erasure.pseudonym} "{erasure.pseudonym}"'}]


@pytest.mark.parametrize("reason", ["", "  ", f"{NAME} asked", f"asked by {ADDRESS.upper()}", f"see {NUMBER}"])
def test_a_reason_that_says_nothing_or_names_them_is_refused(canary: User, root: User, reason: str) -> None:
    with pytest.raises(Invalid):
        actions.erase(canary.pk, by=root, reason=reason)
    assert not Erasure.objects.exists()


@pytest.mark.parametrize(
    ("name", "reason", "names_them"),
    [
        ("Nguyen The Anh", "They left the company before May", False),
        ("Nguyen The Anh", "Anh left", True),
        ("Will May", "They will leave in May", False),
        ("Will May", "Will May left", True),
        ("Rafi Cohen", "Rafi asked for it", True),
    ],
)
def test_words_that_are_names_too_are_no_names(
    canary: User, root: User, name: str, reason: str, names_them: bool
) -> None:
    User.objects.filter(pk=canary.pk).update(name=name)
    canary.refresh_from_db()
    if names_them:
        with pytest.raises(Invalid, match="Do not name them"):
            reasons.checked(reason, canary)
    else:
        assert reasons.checked(reason, canary) == reason


def test_only_administrators_erase(canary: User, team: Team) -> None:
    with pytest.raises(NotAllowed):
        actions.erase(canary.pk, by=make_person("Mona", team, TeamRole.MANAGER), reason=WHY)


def test_nobody_is_erased_twice(canary: User, root: User) -> None:
    erase(canary, by=root)
    with pytest.raises(RuleViolation, match="already"):
        erase(canary, by=root)


def test_what_came_since_is_erased_by_doing_it_again(canary: User, root: User) -> None:
    erase(canary, by=root)
    ContactMethod.objects.create(person=canary, kind=MethodKind.SMS, value=NUMBER)
    seal()
    erase(canary, by=root)
    assert columns_with_traces() == set()
    assert verifying.verify(every=True).findings == []
    with pytest.raises(RuleViolation, match="already"):
        erase(canary, by=root)


def test_who_is_erased_is_let_in_by_nobody(canary: User, root: User) -> None:
    erase(canary, by=root)
    canary.refresh_from_db()
    with pytest.raises(RuleViolation, match="nobody is them again"):
        teams.reactivate(canary)
    for change in ({"is_active": True}, {"name": NAME}, {"email": ADDRESS}):
        with pytest.raises(IntegrityError, match="nobody is them again"), transaction.atomic():
            User.objects.filter(pk=canary.pk).update(**change)


def test_administrators_see_who_is_erased_and_change_nothing(canary: User, root: User, client: Client) -> None:
    erase(canary, by=root)
    client.force_login(root)
    page = reverse("admin:teams_user_change", args=[canary.pk])
    assert client.get(page).status_code == 200
    sent = {"email": ADDRESS, "name": NAME, "time_zone": "UTC", "is_active": "on"}
    assert client.post(page, sent).status_code == 403
    assert columns_with_traces() == set()


def test_addresses_that_moved_on_are_no_trace_of_theirs(canary: User, root: User) -> None:
    """Whoever got an address of theirs keeps what is kept about it: attempts, STOP, what they were told."""
    follows = User.objects.create_user(FORMER, "secret", name="Sue Successor")
    ContactMethod.objects.create(person=follows, kind=MethodKind.SMS, value=NUMBER)
    StoppedNumber.objects.create(number=NUMBER, at=clock.now())
    StoppedNumber.objects.create(number="+4915100000000", at=clock.now())
    ContactMethod.objects.create(person=canary, kind=MethodKind.VOICE, value="+4915100000000")
    for address in (FORMER, ADDRESS):
        AccessAttempt.objects.create(username=address, failures_since_start=3)
    told = Notification.objects.get(person=root, step="2")
    Notification.objects.filter(pk=told.pk).update(text=f"Ask {FORMER}, not {ADDRESS}")
    erasure = erase(canary, by=root)
    assert set(AccessAttempt.objects.values_list("username", flat=True)) == {FORMER}
    assert set(StoppedNumber.objects.values_list("number", flat=True)) == {NUMBER}
    told.refresh_from_db()
    assert told.text == f"Ask {FORMER}, not {erasure.pseudonym}"


def test_invitations_of_others_by_their_old_address_stay(canary: User, root: User) -> None:
    """Of whoever is invited after they left, and of who used one."""
    used = {"person": make_person("Sue Successor"), "ended_at": clock.now()}
    before, after = canary.date_joined, clock.now() + timedelta(minutes=1)
    for made, host, more in ((before, canary, {}), (before, root, used), (after, root, {})):
        Invitation.objects.create(email=ADDRESS, invited_by=host, created_at=made, expires_at=after, **more)
    erase(canary, by=root)
    assert set(Invitation.objects.values_list("created_at", "email")) == {(before, ADDRESS), (after, ADDRESS)}
    assert set(Invitation.history.filter(created_at=after).values_list("email", flat=True)) == {ADDRESS}


def test_whoever_followed_in_a_contact_keeps_their_part_of_its_history(canary: User, root: User) -> None:
    contact = EmergencyContact.objects.get(person=canary)
    follows = make_person("Sue Successor")
    contact.person, contact.name, contact.email, contact.phone, contact.retired_at = (
        follows, "Sue Successor", "sue@example.com", "", None,
    )  # fmt: skip
    contact.save()
    seal()
    erase(canary, by=root)
    assert set(contact.history.values_list("person", "name")) == {(canary.pk, ""), (follows.pk, "Sue Successor")}
    contact.refresh_from_db()
    assert (contact.name, contact.retired_at) == ("Sue Successor", None)
    seal()
    assert verifying.verify(every=True).findings == []


def test_whoever_the_procedures_name_is_not_erased(canary: User, root: User) -> None:
    EmergencyContact.objects.filter(person=canary).update(retired_at=None)
    with pytest.raises(RuleViolation, match="out of the file"):
        erase(canary, by=root)


def test_whoever_is_still_here_is_not_erased(canary: User, root: User, incident: Incident) -> None:
    teams.reactivate(canary)
    incidents.assign_role(incident.pk, role="commander", person=canary, by=root)
    with pytest.raises(RuleViolation, match=r"active.*role in an open incident"):
        erase(canary, by=root)


def test_a_role_that_may_not_be_seen_is_found_by_whom_to_ask(canary: User, root: User, team: Team) -> None:
    private = declare(team, User.objects.get(name="Rita"), title="Ransom note", private=True)
    free = ResponseRole.objects.exclude(pk__in=private.role_assignments.values("role")).first()
    RoleAssignment.objects.create(incident=private, person=canary, role=free, since=clock.now())
    with pytest.raises(RuleViolation, match="ask a commander") as refused:
        erase(canary, by=root)
    assert ("of Platform" in str(refused.value), "Ransom" in str(refused.value)) == (True, False)


def test_it_costs_as_many_statements_for_much_as_for_little(
    canary: User, root: User, django_assert_max_num_queries: Any
) -> None:
    many_states(canary, 10_000)
    with django_assert_max_num_queries(200):
        erase(canary, by=root)
    assert Commitment.objects.filter(table="teams_historicaluser").count() > 10_000


def test_who_was_erased_is_erased_again_from_a_backup(canary: User, root: User, tmp_path: Path, settings: Any) -> None:
    settings.ERASED_FILE = str(tmp_path / "erased.jsonl")
    line = {"person": canary.pk, "joined": canary.date_joined.isoformat()}
    (tmp_path / "kept.jsonl").write_text(json.dumps(line) + "\n")
    out = StringIO()
    call_command("erasures", "replay", str(tmp_path / "kept.jsonl"), stdout=out)
    assert out.getvalue().startswith("Erased again: Former person")
    run_due()
    assert columns_with_traces() == set()
    assert json.loads((tmp_path / "erased.jsonl").read_text()) == line
    out = StringIO()
    call_command("erasures", "list", stdout=out)
    assert json.loads(out.getvalue()) == line


def test_nobody_is_erased_who_would_come_back_with_a_backup(
    canary: User, root: User, tmp_path: Path, settings: Any
) -> None:
    settings.ERASED_FILE = str(tmp_path / "gone" / "erased.jsonl")
    with pytest.raises(RuleViolation, match="ERASED_FILE cannot be written"):
        erase(canary, by=root)
    run_due()
    assert NAME in Notification.objects.get(person=root, step="2").subject
    canary.refresh_from_db()
    assert (canary.name, Erasure.objects.exists()) == (NAME, False)


def test_somebody_who_got_the_number_since_the_backup_is_not_erased(canary: User, tmp_path: Path) -> None:
    line = {"person": canary.pk, "joined": "2020-01-01T00:00:00+00:00"}
    (tmp_path / "kept.jsonl").write_text(json.dumps(line))
    call_command("erasures", "replay", str(tmp_path / "kept.jsonl"))
    assert not Erasure.objects.exists()


@pytest.mark.parametrize("line", ["x", "{}", '{"person": 1}', '{"person": "a", "joined": "b"}', "[]"])
def test_a_file_of_something_else_is_refused(canary: User, tmp_path: Path, line: str) -> None:
    (tmp_path / "kept.jsonl").write_text(line)
    with pytest.raises(CommandError, match="no line of erased people"):
        call_command("erasures", "replay", str(tmp_path / "kept.jsonl"))
