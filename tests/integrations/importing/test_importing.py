"""The commands on the real database: a dry run, writing, writing again, and what was edited here meanwhile."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalog.models import Service
from apps.contacts.models import ContactMethod
from apps.contacts.queries import reachable_methods
from apps.core import clock as house_clock
from apps.engine.models import Timer
from apps.escalation import queries as escalation
from apps.escalation.models import Level, Policy, TargetKind
from apps.incidents.models import Severity
from apps.integrations.models import ImportedReference
from apps.rosters import actions as rosters
from apps.rosters import queries as on_call
from apps.rosters.models import Layer, Override, Roster
from apps.teams.models import Membership, Team, TeamRole, User
from tests.factories.escalation import make_chain
from tests.factories.teams import make_person, make_team
from tests.integrations.importing import grafana_export, opsgenie_export, pagerduty_export
from tests.integrations.importing.counting import rows

VENDORS = [
    pytest.param("pagerduty", pagerduty_export.export, id="PagerDuty"),
    pytest.param("opsgenie", opsgenie_export.export, id="Opsgenie"),
    pytest.param("grafana_oncall", grafana_export.export, id="Grafana OnCall"),
]


@pytest.mark.parametrize(("vendor", "export"), VENDORS)
def test_a_dry_run_changes_nothing(run, vendor, export):
    before = rows()
    report = run(vendor, export())
    assert rows() == before
    assert "Would change (nothing is written without --apply)" in report
    assert "hours compared" in report


@pytest.mark.parametrize(("vendor", "export"), VENDORS)
def test_writing_twice_is_writing_once(write, vendor, export):
    write(vendor, export())
    before = rows()
    assert before["Roster"] >= 2
    assert before["Policy"] >= 4
    report = write(vendor, export())
    assert "Nothing to change." in report
    assert rows() == before


@pytest.mark.parametrize(("vendor", "export"), VENDORS)
def test_a_dry_run_tells_just_what_is_written(run, write, vendor, export):
    planned = json.loads(run(vendor, export(), "--json"))
    written = json.loads(write(vendor, export(), "--json"))
    assert (planned["written"], written["written"]) == (False, True)
    assert planned["changes"] == written["changes"]
    assert planned["comparison"] == written["comparison"]


@pytest.mark.parametrize(("vendor", "export"), VENDORS)
def test_nobody_hears_of_an_import_and_nothing_is_verified(write, vendor, export):
    write(vendor, export())
    assert mail.outbox == []
    assert not Timer.objects.filter(kind__startswith="notifications").exists()
    imported = User.objects.exclude(email="ada@example.com")
    assert imported.count() >= 6
    assert ContactMethod.objects.filter(person__in=imported).exists()
    assert [reachable_methods(person) for person in imported] == [[]] * imported.count()
    assert not any(person.has_usable_password() for person in imported)


def test_what_was_imported_says_who_is_on_call(write, clock):
    write("pagerduty", pagerduty_export.export())
    roster = Roster.objects.get(slug="platform-primary")
    assert (roster.is_primary, roster.team.slug) == (True, "platform")
    for moment, person in (
        ("03-02 13:59", "ben"),
        ("03-02 14:01", "cleo"),
        ("03-04 18:00", "ben"),
        ("03-08 07:30", "ann"),
    ):
        clock.set(clock.now.fromisoformat(f"2026-{moment}+00:00"))
        expected = [] if clock.now < clock.now.fromisoformat("2026-03-02T10:00:00+00:00") else [f"{person}@example.com"]
        assert [each.email for each in on_call.people_on(roster, clock.now)] == [each.lower() for each in expected]


def test_the_chain_of_every_severity_is_that_of_the_team(write):
    write("pagerduty", pagerduty_export.export())
    team = Team.objects.get(slug="platform")
    for severity in Severity.objects.all():
        policy = escalation.policy_for(severity, team)
        assert [(level.number, level.after, level.round_robin) for level in policy.levels.all()] == [
            (1, timedelta(0), False),
            (2, timedelta(minutes=10), True),
        ]
        assert (policy.repeats, policy.repeat_every) == (2, timedelta(minutes=25))
        [target] = policy.levels.all()[0].targets.all()
        assert (target.kind, target.roster.slug) == (TargetKind.ROSTER, "platform-primary")


def test_a_service_of_that_name_gets_the_chain_of_its_own_policy(write):
    owner = make_team("shop")
    service = Service.objects.create(slug="checkout-api", name="Checkout API", team=owner)
    write("pagerduty", pagerduty_export.export())
    assert Policy.objects.filter(service=service).count() == Severity.objects.count()


def test_everybody_on_a_roster_can_answer(write):
    report = write("pagerduty", pagerduty_export.export())
    assert "dan@example.com is on it and responds for no team; they become responder of its team." in report
    assert Membership.objects.filter(person__email="dan@example.com", team__slug="platform").exists()


def test_people_and_teams_that_are_here_are_joined_and_keep_their_names(write):
    team = make_team("platform")
    ann = make_person("ANN", team, TeamRole.RESPONDER)
    ann.email = "ann@example.com"
    ann.save()
    write("pagerduty", pagerduty_export.export())
    ann.refresh_from_db()
    assert (ann.name, Team.objects.filter(slug__startswith="platform").count()) == ("ANN", 1)
    assert User.objects.filter(email__iexact="ann@example.com").count() == 1
    roles = ann.memberships.order_by("role").values_list("role", flat=True)
    assert list(roles) == [TeamRole.MANAGER, TeamRole.RESPONDER]
    assert [method.value for method in reachable_methods(ann)] == ["ann@example.com"]


def test_whatever_it_is_called_a_thing_is_found_again(write):
    write("pagerduty", pagerduty_export.export())
    renamed = pagerduty_export.export()
    renamed["schedules"][0]["schedule"]["name"] = "First in line"
    renamed["teams"]["teams"][0]["name"] = "Foundations"
    report = write("pagerduty", renamed)
    assert '~ roster platform-primary, name: "Platform Primary" → "First in line"' in report
    assert (Roster.objects.count(), Team.objects.count()) == (2, 2)
    assert Roster.objects.get(slug="platform-primary").name == "First in line"
    assert Team.objects.get(slug="platform").name == "Foundations"


def test_who_has_another_address_there_by_now_is_the_same_person(write):
    write("pagerduty", pagerduty_export.export())
    before = rows()
    document = pagerduty_export.export()
    document["users"][0]["users"][0]["email"] = "ann.other@example.com"
    report = write("pagerduty", document)
    assert "Their address there is ann.other@example.com by now; here they keep ann@example.com." in report
    assert "Nothing to change." in report
    assert rows() == before


def test_a_roster_that_moves_to_a_team_with_a_primary_one_comes_second_there(write):
    write("pagerduty", pagerduty_export.export())
    document = pagerduty_export.export()
    document["schedules"][1]["schedule"]["teams"] = [{"id": "PT1", "type": "team_reference"}]
    report = write("pagerduty", document)
    assert '~ roster database, team: "data" → "platform"' in report
    assert list(Roster.objects.filter(is_primary=True).values_list("slug", flat=True)) == ["platform-primary"]


def test_a_roster_that_was_retired_here_stays_so_unless_that_is_asked_for(write, admin):
    write("pagerduty", pagerduty_export.export())
    roster = Roster.objects.get(slug="database")
    rosters.retire(roster, by=admin)
    with pytest.raises(CommandError, match="roster database, retired: true → false"):
        write("pagerduty", pagerduty_export.export())
    write("pagerduty", pagerduty_export.export(), "--force")
    roster.refresh_from_db()
    assert roster.retired_at is None
    assert roster.shifts.filter(during__startswith__gt=roster.history.first().history_date).exists()


def test_all_rosters_are_locked_together_with_those_that_they_stand_in_for(write):
    """Whoever locks one of them later, on its own, may wait for somebody who waits for the import."""
    write("pagerduty", pagerduty_export.export())
    first = Roster.objects.get(slug="platform-primary")
    other = Roster.objects.create(slug="other", name="Other", team=first.team)
    start = house_clock.now()
    Roster.objects.filter(pk=first.pk).update(
        is_primary=False, stands_in_for=other, stands_in_during=(start, start + timedelta(days=7))
    )
    changed = pagerduty_export.export()
    layers = changed["schedules"][0]["schedule"]["schedule_layers"]
    layers[1]["users"] = pagerduty_export.users("PANN", "PBEN")
    with CaptureQueriesContext(connection) as asked:
        write("pagerduty", changed)
    locks = [
        each["sql"] for each in asked if "FOR NO KEY UPDATE" in each["sql"] and 'FROM "rosters_roster"' in each["sql"]
    ]
    together = {int(pk) for pk in re.findall(r"IN \(([\d, ]+)\)", locks[0])[0].split(",")}
    assert {first.pk, other.pk} <= together
    assert len(locks) > 1


def test_what_changed_there_is_changed_here_and_the_history_says_why(write, admin):
    write("pagerduty", pagerduty_export.export())
    changed = pagerduty_export.export()
    layers = changed["schedules"][0]["schedule"]["schedule_layers"]
    layers[1]["users"] = pagerduty_export.users("PANN", "PBEN")
    report = write("pagerduty", changed)
    assert "~ roster platform-primary, layers:" in report
    layer = Layer.objects.get(roster__slug="platform-primary", name="Weeks")
    assert [member.person.name for member in layer.members.all()] == ["Ben", "Ann"]
    record = layer.members.first().history.first()
    assert (record.history_user, record.history_change_reason) == (admin, "imported from PagerDuty")


def test_layers_that_stand_still_here_are_not_changed_whoever_asks(write):
    write("pagerduty", pagerduty_export.export())
    frozen = Roster.objects.get(slug="platform-primary")
    frozen.frozen_until = house_clock.now() + timedelta(days=3)
    frozen.save()
    changed = pagerduty_export.export()
    changed["schedules"][0]["schedule"]["schedule_layers"][1]["users"] = pagerduty_export.users("PANN", "PBEN")
    before = rows()
    for options in ((), ("--force",)):
        with pytest.raises(CommandError, match=f"The layers of {frozen} stand still until"):
            write("pagerduty", changed, *options)
        assert rows() == before


def test_what_was_edited_here_is_not_taken_back_unless_that_is_asked_for(write):
    write("pagerduty", pagerduty_export.export())
    layer = Layer.objects.get(roster__slug="platform-primary", name="Weeks")
    layer.length = 2
    layer.save()
    level = Level.objects.get(policy__severity__code="P0", policy__team__slug="platform", number=2)
    level.after = timedelta(minutes=7)
    level.save()
    before = rows()
    with pytest.raises(CommandError) as refused:
        write("pagerduty", pagerduty_export.export())
    assert "~ roster platform-primary, layers" in str(refused.value)
    assert "~ chain P0 of platform, levels" in str(refused.value)
    assert "chain P1" not in str(refused.value)
    assert rows() == before
    write("pagerduty", pagerduty_export.export(), "--force")
    layer.refresh_from_db()
    level.refresh_from_db()
    assert (layer.length, level.after) == (1, timedelta(minutes=10))


def test_an_edit_here_does_not_hinder_a_change_elsewhere(write):
    write("pagerduty", pagerduty_export.export())
    changed = pagerduty_export.export()
    changed["schedules"][1]["schedule"]["name"] = "Databases"
    Roster.objects.filter(slug="database").update(is_primary=False)
    write("pagerduty", changed)
    roster = Roster.objects.get(slug="database")
    assert (roster.name, roster.is_primary) == ("Databases", False)


def test_a_chain_that_was_here_before_is_not_replaced_unless_that_is_asked_for(write):
    team = make_team("platform")
    chain = make_chain("P0", [make_person("Rita", team, TeamRole.RESPONDER)], minutes=(0,), team=team)
    with pytest.raises(CommandError, match="chain P0 of platform"):
        write("pagerduty", pagerduty_export.export())
    assert not ImportedReference.objects.exists()
    write("pagerduty", pagerduty_export.export(), "--force")
    assert chain.levels.count() == 2


def test_what_was_removed_here_stays_away_unless_that_is_asked_for(write, admin):
    write("pagerduty", pagerduty_export.export())
    override = Override.objects.get(person__email="ben@example.com")
    rosters.remove_override(override, by=admin)
    Membership.objects.get(person__email="ben@example.com", team__slug="platform").delete()
    with pytest.raises(CommandError) as refused:
        write("pagerduty", pagerduty_export.export())
    assert "override of platform-primary by ben@example.com" in str(refused.value)
    assert "team platform, members" in str(refused.value)
    write("pagerduty", pagerduty_export.export(), "--force")
    assert Override.objects.filter(person__email="ben@example.com").count() == 1


def test_an_override_that_was_taken_back_there_goes_here(write):
    write("pagerduty", pagerduty_export.export())
    changed = pagerduty_export.export()
    del changed["overrides"]["PS1"]["overrides"][0]
    report = write("pagerduty", changed)
    assert "- override" in report
    assert [each.person.name for each in Override.objects.all()] == ["Ann"]


def test_an_override_that_began_or_is_over_is_not_made_again(write, clock):
    write("pagerduty", pagerduty_export.export())
    clock.shift(days=2, hours=9)
    assert "Nothing to change." in write("pagerduty", pagerduty_export.export())
    clock.shift(days=5)
    assert "Nothing to change." in write("pagerduty", pagerduty_export.export())


def test_an_override_beyond_the_horizon_waits_for_a_later_import(write):
    document = pagerduty_export.export()
    document["overrides"]["PS1"]["overrides"] = [
        pagerduty_export.override("PO9", "PBEN", "2026-09-01T00:00:00Z", "2026-09-02T00:00:00Z")
    ]
    assert "It begins more than 120 days from now; import again later." in write("pagerduty", document)


def test_rosters_side_by_side_are_paged_together(write):
    write("opsgenie", opsgenie_export.export())
    policy = Policy.objects.get(severity__code="P0", team__slug="platform")
    targets = policy.levels.first().targets.all()
    assert [target.roster.slug for target in targets] == ["platform_schedule", "platform_schedule-2"]


def test_schedules_without_a_team_are_left_out_or_given_to_the_one_that_is_named(run, write):
    document = grafana_export.export()
    for schedule in document["schedules"]["results"]:
        schedule["team_id"] = None
    for chain in document["escalation_chains"]["results"]:
        chain["team_id"] = None
    report = run("grafana_oncall", document)
    assert "schedule Primary: It belongs to no team, and every roster has one here; --team names one." in report
    assert "chain Platform: It belongs to no team and to no service here" in report
    make_team("shop")
    write("grafana_oncall", document, "--team", "shop")
    assert set(Roster.objects.values_list("team__slug", flat=True)) == {"shop"}
    assert Policy.objects.filter(team__slug="shop").count() == 4
    assert "Nothing to change." in write("grafana_oncall", document, "--team", "shop")


def test_a_schedule_that_the_document_no_longer_has_stays(write):
    write("pagerduty", pagerduty_export.export())
    document = pagerduty_export.export()
    del document["schedules"][1]
    assert "schedule Database: The document no longer has it; it stays as it is." in write("pagerduty", document)
    assert Roster.objects.count() == 2


def test_a_difference_fails_only_where_that_is_asked_for(run):
    report = run("pagerduty", pagerduty_export.export())
    assert "Platform Primary, 2026-03-02 05:00 to 2026-03-16 04:00 UTC: 335 hours compared, 335 equal" in report
    assert "Database, 2026-03-02 05:00 to 2026-03-16 04:00 UTC: 335 hours compared, 332 equal, 3 different" in report
    assert "2026-03-03 07:00 to 2026-03-03 08:00 UTC: here nobody, there ann@example.com" in report
    with pytest.raises(CommandError, match="Others would be on call"):
        run("pagerduty", pagerduty_export.export(), "--strict")


def test_strict_is_content_where_everything_is_equal(run):
    assert "336 equal, 0 different" in run("grafana_oncall", grafana_export.export(), "--strict")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--apply"], "say who imports: --user EMAIL"),
        (["--apply", "--user", "nobody@example.com"], "Nobody has the address nobody@example.com."),
        (["--apply", "--user", "rita@example.com"], "Rita does not administrate the organisation"),
        (["--team", "nowhere"], 'There is no team "nowhere"'),
    ],
)
def test_who_imports_and_where_to_are_checked_before_anything_is_written(run, arguments, said):
    make_person("Rita", make_team("platform"), TeamRole.MANAGER)
    before = rows()
    with pytest.raises(CommandError, match=said):
        run("pagerduty", pagerduty_export.export(), *arguments)
    assert rows() == before


def test_nothing_is_written_by_half(write):
    """A number that no telephone has is kept as written; an address that is none of the kind ends the import."""
    document = pagerduty_export.export()
    document["schedules"][0]["schedule"]["schedule_layers"][1]["rotation_turn_length_seconds"] = "long"
    before = rows()
    with pytest.raises(CommandError, match="rotation_turn_length_seconds: expected a whole number"):
        write("pagerduty", document)
    assert rows() == before


def test_without_severities_there_are_no_chains_and_the_report_says_so(write):
    Severity.objects.update(is_active=False)
    report = write("pagerduty", pagerduty_export.export())
    assert "There are no severities yet" in report
    assert not Policy.objects.exists()


def test_the_report_counts_what_maps_and_says_why_the_rest_does_not(run):
    report = run("opsgenie", opsgenie_export.export())
    assert "  people: 7 new" in report
    assert "  rosters: 3 new" in report
    assert "Left out (" in report
    assert "schedules.data[0].rotations[3]: Nobody of the rotation is imported." in report
    assert "Rotations are on at the same time; they become 2 rosters, paged together." in report
