"""What somebody who leaves leaves a hole in: their managers hear of it, and say who takes over. Nothing private."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit.models import Entry
from apps.contacts.models import EmergencyContact
from apps.core.audited import Act
from apps.desk.leaving import actions as leaving
from apps.desk.leaving import handlers
from apps.desk.leaving.actions import NotTakenOver, hand_over, shown_to
from apps.desk.leaving.holes import holes_of
from apps.engine.models import Timer
from apps.escalation.models import LevelTarget, TargetKind
from apps.incidents import actions as incidents
from apps.incidents.models import Expert, Incident, ResponseRole, RoleCandidate
from apps.notifications.models import Notification
from apps.postmortems import actions as postmortems
from apps.postmortems.models import ActionKind
from apps.rosters import actions as rosters
from apps.rosters.models import Roster, Shift
from apps.teams import actions as teams
from apps.teams.models import Membership, TeamRole, User
from tests.escalation.test_races import one_waits_for_the_other
from tests.factories.escalation import make_chain
from tests.factories.incidents import declare, make_procedures
from tests.factories.teams import make_person, make_team
from tests.rosters.building import layer_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def platform():
    return make_team("platform")


@pytest.fixture
def anna(platform):
    return make_person("Anna", platform, TeamRole.COMMANDER)


@pytest.fixture
def mara(platform):
    """The manager."""
    return make_person("Mara", platform, TeamRole.MANAGER)


@pytest.fixture
def chief():
    """An administrator."""
    return make_person("Chief", None, TeamRole.ADMIN)


def run_what_is_planned() -> None:
    for timer in Timer.objects.filter(kind=handlers.TELL):
        handlers.tell_what_somebody_left(timer)


def told(person: User) -> list[str]:
    return list(Notification.objects.filter(person=person, step__startswith="left:").values_list("text", flat=True))


def test_the_manager_reads_of_turns_chains_roles_items_and_of_being_the_only_one(clock, platform, anna, mara, chief):
    make_procedures()
    roster = Roster.objects.create(slug="p", name="First line", team=platform, time_zone="UTC", is_primary=True)
    layer_of(roster, [anna])
    rosters.materialise(roster, now=clock.now)
    chain = make_chain("P0", [anna], minutes=(0,))
    incident = declare(platform)
    incidents.assign_role(incident.pk, role="technical_lead", person=anna, by=anna)
    due = (clock.now + timedelta(days=7)).date()
    postmortems.add_action_item(
        incident.pk, kind=ActionKind.TECHNICAL, action="Add a limit", due_date=due, by=anna, owner=anna
    )
    Expert.objects.create(key="data", field="Data", title="Data engineer", person=anna)
    teams.deactivate(anna)
    run_what_is_planned()
    [text] = told(mara)
    assert "- They take turns in the roster First line." in text
    assert f"- They are Technical Lead of {incident}." in text
    assert f"due on {due}: Add a limit" in text
    assert "- They are the only commander of Platform." in text
    [of_organisation] = told(chief)
    assert f"Level 1 of the chain {chain} pages them by name." in of_organisation
    assert "They are the expert for Data." in of_organisation


def test_of_what_is_private_nothing_is_told(platform, anna, mara):
    make_procedures()
    teams.add_member(make_person("Cora", platform), platform, TeamRole.COMMANDER)
    incident = declare(platform, private=True)
    incidents.assign_role(incident.pk, role="technical_lead", person=anna, by=anna)
    teams.deactivate(anna)
    run_what_is_planned()
    assert told(mara) == []


def test_who_leaves_nothing_behind_is_no_news(platform, mara, chief):
    teams.deactivate(make_person("Rita", platform, TeamRole.RESPONDER))
    run_what_is_planned()
    assert not Notification.objects.exists()


def test_who_is_back_before_it_is_told_is_no_news(platform, anna, mara):
    teams.deactivate(anna)
    teams.reactivate(anna)
    run_what_is_planned()
    assert told(mara) == []


def test_the_administrators_hear_of_a_team_that_has_no_manager_any_more(platform, mara, chief):
    teams.deactivate(mara)
    run_what_is_planned()
    assert ["They are the only manager of Platform." in text for text in told(chief)] == [True]


def test_much_costs_as_many_queries_as_little(clock, platform, anna):
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            holes_of(anna)
        return len(queries)

    make_procedures()
    chain = make_chain("P0", [anna], minutes=(0,))
    before = asked()
    for number in range(4):
        roster = Roster.objects.create(slug=f"r{number}", name=f"R{number}", team=platform, time_zone="UTC")
        layer_of(roster, [anna])
        level = chain.levels.create(number=number + 2, name="L", after=timedelta(minutes=number + 1))
        LevelTarget.objects.create(level=level, kind=TargetKind.PERSON, person=anna)
    assert asked() == before <= 11
    assert [hole.team for hole in holes_of(anna)] == [*[platform] * 5, None]


# ------------------------------------------------------------------------------------------------ who takes over


@pytest.fixture
def much(clock, platform, anna) -> Incident:
    """Anna holds something of each kind; the incident that she works on."""
    make_procedures()
    first, second = (
        Roster.objects.create(slug=name, name=name, team=platform, time_zone="UTC") for name in ("first", "second")
    )
    layer_of(first, [anna])
    layer_of(second, [make_person("Rita", platform, TeamRole.RESPONDER)])
    rosters.add_override(
        second,
        person=anna,
        start=clock.now,
        end=clock.now + timedelta(days=2),
        by=make_person("M", platform, "manager"),
    )
    make_chain("P0", [anna], minutes=(0,))
    make_chain("P1", [anna, anna], minutes=(0, 5), team=platform)
    incident = declare(platform)
    role = ResponseRole.objects.get(key="communications_lead")
    RoleCandidate.objects.create(role=role, team=platform, position=1, person=anna)
    Expert.objects.create(key="data", field="Data", title="Data engineer", person=anna)
    incidents.assign_role(incident.pk, role="technical_lead", person=anna, by=anna)
    due = (clock.now + timedelta(days=7)).date()
    postmortems.add_action_item(
        incident.pk, kind=ActionKind.TECHNICAL, action="Add a limit", due_date=due, by=anna, owner=anna
    )
    return incident


@pytest.mark.parametrize("when", ["while they are here", "afterwards"])
def test_somebody_takes_over_everything(clock, platform, anna, chief, much, when):
    bert = make_person("Bert", platform, TeamRole.RESPONDER)
    if when == "afterwards":
        teams.deactivate(anna)
    kinds = {hole.key.split("-")[0] for hole in shown_to(chief, anna)}
    assert kinds == {"turns", "overrides", "chain", "candidate", "expert", "role", "item", "membership"}
    keys = [hole.key for hole in shown_to(chief, anna)]
    assert hand_over(anna, dict.fromkeys(keys, bert), leaves=anna.is_active, by=chief) == len(keys)
    anna.refresh_from_db()
    assert not anna.is_active
    assert holes_of(anna) == []
    for slug in ("first", "second"):
        shift = Shift.objects.get(roster__slug=slug, during__contains=clock.now + timedelta(minutes=1))
        assert shift.person == bert
    assert {target.person for target in LevelTarget.objects.all()} == {bert}
    assert much.role_assignments.get(until=None).person == bert
    assert Membership.objects.filter(person=bert, role=TeamRole.COMMANDER, team=platform).exists()


def test_nothing_is_handed_over_where_somebody_cannot_take_it(clock, platform, anna, chief, much):
    reader = make_person("Stan", platform, TeamRole.STAKEHOLDER)
    bert = make_person("Bert", platform, TeamRole.RESPONDER)
    holes = {hole.key.split("-")[0]: hole for hole in shown_to(chief, anna)}
    with pytest.raises(NotTakenOver) as refused:
        hand_over(anna, {holes["turns"].key: reader, holes["chain"].key: bert}, leaves=True, by=chief)
    assert refused.value.reasons.keys() == {holes["turns"].key}
    assert {target.person for target in LevelTarget.objects.all()} == {anna}
    assert User.objects.get(pk=anna.pk).is_active


def test_what_the_database_refuses_is_said_of_the_hole_it_is_of(platform, anna, chief, much, monkeypatch):
    bert = make_person("Bert", platform, TeamRole.RESPONDER)
    expert = next(hole for hole in shown_to(chief, anna) if hole.key.startswith("expert"))

    def held_twice(**_: User) -> None:
        Expert.objects.create(key="data", field="Data", title="Another", person=bert)

    monkeypatch.setattr(leaving, "holes_of", lambda _: [replace(expert, hand_over=held_twice)])
    with pytest.raises(NotTakenOver) as refused:
        hand_over(anna, {expert.key: bert}, leaves=True, by=chief)
    assert refused.value.reasons == {
        expert.key: "Bert cannot take this as things are: somebody else holds it, or holds it twice."
    }
    assert User.objects.get(pk=anna.pk).is_active


@pytest.mark.django_db(transaction=True)
def test_the_lock_of_administrators_comes_before_any_roster(clock, platform, anna, chief, much):
    """Whoever provisions holds it, and changes rosters then."""
    bert, roster = make_person("Bert", platform, TeamRole.RESPONDER), Roster.objects.get(slug="first")
    turns = next(hole for hole in shown_to(chief, anna) if hole.key.startswith("turns"))
    one_waits_for_the_other(
        teams.lock_administrators,
        lambda: hand_over(anna, {turns.key: bert}, leaves=True, by=chief),
        then=lambda: Roster.objects.select_for_update().get(pk=roster.pk),
    )
    assert not User.objects.get(pk=anna.pk).is_active


def test_who_is_on_a_level_already_is_paged_once(platform, anna, chief, much):
    bert = make_person("Bert", platform, TeamRole.RESPONDER)
    level = LevelTarget.objects.filter(level__policy__team=platform).earliest("pk").level
    LevelTarget.objects.create(level=level, kind=TargetKind.PERSON, person=bert)
    chain = next(hole for hole in shown_to(chief, anna) if hole.key == f"chain-{level.policy_id}")
    hand_over(anna, {chain.key: bert}, leaves=False, by=chief)
    assert list(level.targets.values_list("person", flat=True)) == [bert.pk]


def test_who_is_behind_a_contact_of_the_procedures_is_said(anna, chief):
    EmergencyContact.objects.create(group="escalation", key="em", name="Anna", title="Manager", person=anna)
    (hole,) = (hole for hole in shown_to(chief, anna) if hole.key.startswith("contact-"))
    assert hole.words == ("They are paged as Manager: Anna of the escalation contacts: the procedures say who that is.")
    assert hole.hand_over is None


def test_managers_hand_over_what_is_their_teams_once_somebody_left(platform, anna, mara, much):
    assert shown_to(mara, anna) == []
    teams.deactivate(anna)
    assert {hole.team for hole in shown_to(mara, anna)} == {platform}
    assert shown_to(make_person("Otto", make_team("other"), TeamRole.MANAGER), anna) == []


def test_the_page_asks_says_why_not_and_does_it(signed_in, platform, anna, chief, much):
    bert = make_person("Bert", platform, TeamRole.RESPONDER)
    reader = make_person("Stan", platform, TeamRole.STAKEHOLDER)
    client = signed_in(chief)
    address = f"/people/{anna.pk}/leaving/"
    assert "They take turns in the roster first." in client.get(address).content.decode()
    keys = [hole.key for hole in holes_of(anna)]
    refused = client.post(address, {**dict.fromkeys(keys, str(bert.pk)), "leaves": "on", keys[0]: str(reader.pk)})
    assert refused.status_code == 422  # a reader cannot be chosen
    assert client.post(address, {**dict.fromkeys(keys, str(bert.pk)), "leaves": "on"}).status_code == 302
    answer = client.get(address).content.decode()
    assert "Anna left" in answer
    assert "Nothing is left" in answer


def test_the_second_of_two_is_told_what_the_first_one_did_and_nothing_of_theirs_is_done(
    signed_in, platform, anna, chief, much
):
    bert, rita = make_person("Bert", platform, TeamRole.RESPONDER), User.objects.get(name="Rita")
    hole = next(each for each in shown_to(chief, anna) if each.key.startswith("turns-"))
    other = next(each for each in shown_to(chief, anna) if each.key.startswith("candidate-"))
    hand_over(anna, {hole.key: rita}, leaves=False, by=chief)
    sent = {hole.key: str(bert.pk), f"called-{hole.key}": hole.words, other.key: str(bert.pk), "leaves": "on"}
    answer = signed_in(chief).post(f"/people/{anna.pk}/leaving/", sent)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert f"{hole.words} Chief gave this to Rita meanwhile. You chose Bert; nothing of yours was done." in page
    assert f'<option value="{bert.pk}" selected>Bert (Platform)</option>' in page  # what else was chosen is there still
    assert User.objects.get(pk=anna.pk).is_active
    assert other.key in {each.key for each in shown_to(chief, anna)}


def test_what_needs_nobody_any_more_is_said_too(platform, anna, chief, much):
    bert = make_person("Bert", platform, TeamRole.RESPONDER)
    with pytest.raises(NotTakenOver) as refused:
        hand_over(anna, {"turns-999": bert}, leaves=True, by=chief)
    assert refused.value.reasons == {"turns-999": "Nobody has to take this over any more."}
    assert User.objects.get(pk=anna.pk).is_active


def test_what_was_handed_over_stands_in_the_record(platform, anna, chief, much):
    bert = make_person("Bert", platform, TeamRole.RESPONDER)
    hole = next(each for each in shown_to(chief, anna) if each.key.startswith("turns-"))
    hand_over(anna, {hole.key: bert}, leaves=False, by=chief)
    entry = Entry.objects.get(act=Act.HANDED_OVER)
    assert (entry.by, entry.about_row, entry.teams) == (chief, str(anna.pk), [platform.pk])
    assert entry.data == {"held": hole.key, "person": bert.pk}


def test_a_manager_is_not_offered_what_administrators_alone_give(platform, anna, mara, much):
    teams.deactivate(anna)
    (only,) = (each for each in shown_to(mara, anna) if each.key.startswith("membership-"))
    assert only.hand_over is None


def test_the_second_of_two_managers_is_told_even_where_nothing_is_left(signed_in, platform, anna, mara, clock):
    """Nobody else is: of other teams, or by keys that were made up."""
    roster = Roster.objects.create(slug="p", name="First line", team=platform, time_zone="UTC", is_primary=True)
    layer_of(roster, [anna])
    teams.add_member(make_person("Cora", platform), platform, TeamRole.COMMANDER)
    teams.deactivate(anna)
    bert, rita = (make_person(name, platform, TeamRole.RESPONDER) for name in ("Bert", "Rita"))
    (hole,) = shown_to(mara, anna)
    hand_over(anna, {hole.key: rita}, leaves=False, by=make_person("Mona", platform, TeamRole.MANAGER))
    sent = {hole.key: str(bert.pk), f"called-{hole.key}": hole.words}
    address = f"/people/{anna.pk}/leaving/"
    answer = signed_in(mara).post(address, sent)
    assert answer.status_code == 422
    assert "Mona gave this to Rita meanwhile. You chose Bert" in answer.content.decode()
    assert "Nothing is left" in signed_in(mara).get(address).content.decode()
    assert signed_in(mara).post(address, {"turns-999": str(bert.pk)}).status_code == 404
    other = make_person("Otto", make_team("other"), TeamRole.MANAGER)
    assert signed_in(other).post(address, sent).status_code == signed_in(other).get(address).status_code == 404
    clock.shift(hours=13)
    assert signed_in(mara).post(address, sent).status_code == signed_in(mara).get(address).status_code == 404
