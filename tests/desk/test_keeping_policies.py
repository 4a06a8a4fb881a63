"""The page on which a chain is edited: drawn before it is saved, saved by whoever keeps it, over nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.catalog.models import Service
from apps.escalation.models import Level, LevelTarget, Policy, Turn
from apps.notifications.models import Channel
from apps.rosters.models import Roster
from apps.teams.models import TeamRole, User
from tests.factories.escalation import make_chain
from tests.factories.incidents import declare
from tests.factories.rosters import put_on_call
from tests.factories.teams import make_person
from tests.factories.transports import served

NEW = reverse("policy_new")
AS_HTMX = {"HX-Request": "true"}


@pytest.fixture
def mia(house) -> User:
    """Manages the platform team."""
    return make_person("Mia", house.platform, TeamRole.MANAGER)


@pytest.fixture
def own(house) -> Policy:
    """The chain of a P0 for the platform team: Rita at once, Cora after 15 minutes."""
    return make_chain("P0", [house.rita, house.cora], minutes=(0, 15), team=house.platform)


def edit_page(policy: Policy) -> str:
    return reverse("policy_edit", args=[policy.pk])


def begin(**known: str) -> str:
    return f"{NEW}?" + "&".join(f"{name}={value}" for name, value in known.items())


def fields_of(page) -> dict[str, list[str] | str]:
    """The form of the page as the browser would send it."""
    context, fields = page.context, {"version": page.context["version"], "levels": []}
    forms = [context["editor"].head]
    for level in context["editor"].levels:
        fields["levels"].append(level.key)
        fields[level.list_name] = [target.key for target in level.targets]
        forms += [level.form, *(target.form for target in level.targets)]
    for form in forms:
        for bound in form:
            value = bound.value()
            if value not in (None, "", False):
                fields[bound.html_name] = str(value)
    return fields


def opened(client, person: User, address: str) -> dict[str, list[str] | str]:
    client.force_login(person)
    page = client.get(address)
    assert page.status_code == 200
    return fields_of(page)


def pressed(client, address: str, fields, button: str):
    page = client.post(address, fields | {"do": button})
    assert page.status_code == 200
    return page


def chain_of(policy: Policy) -> list[tuple[int, timedelta, list[str]]]:
    levels = Level.objects.filter(policy=policy)
    return [(level.number, level.after, [str(target) for target in level.targets.all()]) for level in levels]


def test_a_manager_edits_the_chain_of_their_team_and_the_history_names_them(house, client, mia, own):
    assert edit_page(own) in client_page(client, mia, own.get_absolute_url())
    fields = opened(client, mia, edit_page(own)) | {
        "level-1-after": "20 min",
        "level-1-name": "Commander",
        "level-1-target-0-whom": f"person:{house.ella.pk}",
        "repeats": "2",
        "repeat_every": "1h",
    }
    saved = client.post(edit_page(own), fields | {"do": "save"})
    assert saved.status_code == 302
    own.refresh_from_db()
    assert (own.repeats, own.repeat_every) == (2, timedelta(hours=1))
    assert chain_of(own) == [(1, timedelta(0), ["Rita"]), (2, timedelta(minutes=20), ["Ella"])]
    changed = Level.history.filter(policy_id=own.pk, history_type="~")
    assert [(row.number, row.name, row.history_user) for row in changed] == [(2, "Commander", mia)]
    targets = LevelTarget.history.exclude(history_type="+", history_user=None).filter(history_user=mia)
    assert {(row.history_type, row.person) for row in targets} == {("+", house.ella), ("-", house.cora)}


def client_page(client, person, address) -> str:
    client.force_login(person)
    return client.get(address).content.decode()


def test_saving_what_is_there_already_changes_nothing_and_keeps_whose_turn_it_is(house, client, mia, own):
    Level.objects.filter(policy=own, number=1).update(round_robin=True)
    Turn.objects.create(level=own.levels.get(number=1), person=house.rita, number=7)
    fields = opened(client, mia, edit_page(own))
    before = (Policy.history.count(), Level.history.count(), LevelTarget.history.count())
    assert client.post(edit_page(own), fields | {"do": "save"}).status_code == 302
    assert (Policy.history.count(), Level.history.count(), LevelTarget.history.count()) == before
    assert Turn.objects.get().number == 7


@pytest.mark.parametrize("name", ["rita", "cora", "stella"])
def test_who_does_not_keep_the_chain_only_looks(house, client, own, name):
    client.force_login(getattr(house, name))
    assert edit_page(own) not in client.get(own.get_absolute_url()).content.decode()
    assert client.get(edit_page(own)).status_code == 403
    assert client.post(edit_page(own), {"do": "save"}).status_code == 403
    assert client.post(reverse("policy_delete", args=[own.pk])).status_code == 403
    assert client.get(NEW).status_code == 403
    assert Policy.objects.filter(pk=own.pk).exists()


def test_a_manager_keeps_neither_the_chains_of_others_nor_that_of_every_team(house, client, mia):
    general = Policy.objects.get(severity__code="P0", team=None)
    others = make_chain("P0", [house.ella], minutes=(0,), team=house.ai)
    client.force_login(mia)
    assert client.get(edit_page(general)).status_code == 403
    assert client.post(edit_page(general), {"do": "save", "repeats": "0"}).status_code == 403
    assert client.get(edit_page(others)).status_code == 404
    assert client.post(reverse("policy_delete", args=[others.pk])).status_code == 404
    assert general.levels.count() == 3


def test_an_administrator_edits_that_of_every_team_and_nobody_removes_it(house, client):
    general = Policy.objects.get(severity__code="P0", team=None)
    ada = make_person("Ada", None, TeamRole.ADMIN)
    fields = opened(client, ada, edit_page(general))
    assert client.post(edit_page(general), fields | {"do": "save", "level-2-name": "Last"}).status_code == 302
    assert general.levels.get(number=3).name == "Last"
    client.post(reverse("policy_delete", args=[general.pk]))
    assert Policy.objects.filter(pk=general.pk).exists()


def test_the_buttons_change_the_form_and_store_nothing(house, client, mia, own):
    fields = opened(client, mia, edit_page(own))
    fields = fields_of(pressed(client, edit_page(own), fields, "add-level"))
    assert (fields["levels"], fields["level-2-number"], fields["level-2-after"]) == (["0", "1", "2"], "3", "30m")
    fields["level-2-target-0-whom"] = f"person:{house.ella.pk}"
    fields = fields_of(pressed(client, edit_page(own), fields, "add-target:0"))
    assert fields["level-0-targets"] == ["0", "1"]
    fields["level-0-target-1-whom"] = "on_call"
    fields = fields_of(pressed(client, edit_page(own), fields, "raise-target:0:1"))
    assert fields["level-0-targets"] == ["1", "0"]
    fields = fields_of(pressed(client, edit_page(own), fields, "remove-level:1"))
    assert fields["levels"] == ["0", "2"]
    assert [number for number, _, _ in chain_of(own)] == [1, 2]
    fields["level-2-number"] = "2"
    assert client.post(edit_page(own), fields | {"do": "save"}).status_code == 302
    assert chain_of(own) == [
        (1, timedelta(0), ["On call of the incident's team", "Rita"]),
        (2, timedelta(minutes=30), ["Ella"]),
    ]


@pytest.mark.parametrize(
    "button", ["remove-level:9", "add-target:x", "raise-target:0", "nonsense", "add-level:1:2:3", ""]
)
def test_a_button_that_is_none_changes_nothing(client, mia, own, button):
    fields = opened(client, mia, edit_page(own))
    assert fields_of(pressed(client, edit_page(own), fields, button)) == fields


def test_no_more_than_five_levels_and_thirty_targets(client, mia, own):
    fields = opened(client, mia, edit_page(own))
    for _ in range(5):
        fields = fields_of(pressed(client, edit_page(own), fields, "add-level"))
    assert sorted(fields[f"level-{key}-number"] for key in fields["levels"]) == ["1", "2", "3", "4", "5"]
    fields["level-0-targets"] = [str(number) for number in range(200)]
    page = pressed(client, edit_page(own), fields, "add-target:0")
    assert len(page.context["editor"].levels[0].targets) == 30


def test_the_picture_is_drawn_before_anything_is_saved(house, client, mia, own):
    put_on_call(house.platform, house.ella)
    house.cora.contact_methods.all().delete()
    fields = opened(client, mia, edit_page(own)) | {"level-0-target-0-whom": "on_call", "level-1-after": "25m"}
    with served(Channel.EMAIL, Channel.SMS):
        answer = client.post(edit_page(own), fields, headers=AS_HTMX | {"HX-Target": "preview"})
    drawn = " ".join(answer.content.decode().split())
    assert answer.status_code == 200
    assert drawn.startswith('<section class="card preview" id="preview"')
    assert '<span class="truncate">Ella</span>' in drawn
    assert "After 25 min" in drawn
    assert "nothing rings" in drawn
    assert "Nobody right now: goes on at once" in drawn
    client.post(edit_page(own), fields | {"do": "save"}, headers=AS_HTMX | {"HX-Target": "preview"})
    client.post(edit_page(own), fields)
    assert chain_of(own)[0][2] == ["Rita"]


def test_the_picture_says_what_could_not_be_saved(client, mia, own):
    fields = opened(client, mia, edit_page(own)) | {"level-0-after": "1h"}
    page = pressed(client, edit_page(own), fields, "preview").content.decode()
    assert "A higher level is never due before a lower one." in page
    page = pressed(client, edit_page(own), fields | {"level-0-after": "soon"}, "preview").content.decode()
    assert "1 level not drawn: without a time that can be read." in page


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"level-1-number": "1"}, "Every level has a number of its own."),
        ({"level-0-number": "3"}, "A chain begins with level 1."),
        ({"level-0-after": "16m"}, "A higher level is never due before a lower one."),
        ({"repeats": "1", "repeat_every": "15m"}, "The next round would begin before the last level is due."),
        ({"repeats": "1"}, "Say after how long it is climbed again."),
        ({"repeats": "11", "repeat_every": "1h"}, "less than or equal to 10"),
        ({"asks_again_after": "2s"}, "greater than or equal to"),
        ({"level-0-outside_hours": "other"}, "Level 1: Name somebody for working hours, and somebody marked"),
        ({"level-0-targets": []}, "Level 1: Name whom the level pages."),
        ({"levels": []}, "A chain has at least one level."),
        ({"level-0-after": "later"}, "Write a number and a unit"),
        ({"level-0-name": ""}, "This field is required."),
        ({"level-0-target-0-whom": ""}, "Choose whom it pages."),
        ({"level-0-target-0-whom": "person:999999"}, "is not one of the available choices"),
        ({"level-0-target-0-whom": "nonsense"}, "is not one of the available choices"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason_and_nothing_is_saved(client, mia, own, changed, said):
    before = chain_of(own)
    fields = opened(client, mia, edit_page(own)) | changed
    page = client.post(edit_page(own), fields | {"do": "save"})
    assert page.status_code == 422
    assert said in page.content.decode()
    assert chain_of(own) == before


def test_a_level_has_others_outside_hours(house, client, mia, own):
    fields = opened(client, mia, edit_page(own)) | {
        "level-0-outside_hours": "other",
        "level-0-targets": ["0", "1"],
        "level-0-target-1-whom": f"person:{house.ella.pk}",
        "level-0-target-1-outside_hours": "on",
    }
    assert client.post(edit_page(own), fields | {"do": "save"}).status_code == 302
    marked = LevelTarget.objects.filter(level__policy=own, outside_hours=True)
    assert [target.person for target in marked] == [house.ella]


def test_a_roster_of_a_team_that_one_does_not_see_is_neither_offered_nor_taken(house, client, mia, own):
    hidden = Roster.objects.create(slug="hidden", name="Hidden roster", team=house.ai)
    page = client_page(client, mia, edit_page(own))
    assert "Hidden roster" not in page
    fields = opened(client, mia, edit_page(own)) | {"level-0-target-0-whom": f"roster:{hidden.pk}"}
    assert client.post(edit_page(own), fields | {"do": "save"}).status_code == 422
    LevelTarget.objects.filter(level__policy=own, level__number=1).update(kind="roster", person=None, roster=hidden)
    fields = opened(client, mia, edit_page(own)) | {"level-0-name": "As it was"}
    assert client.post(edit_page(own), fields | {"do": "save"}).status_code == 302
    assert chain_of(own)[0][2] == ["Hidden roster"]


def test_what_somebody_else_saved_meanwhile_is_told_and_only_then_written_over(house, client, mia, own):
    fields = opened(client, mia, edit_page(own)) | {"level-0-name": "Mine"}
    max_ = make_person("Max", house.platform, TeamRole.MANAGER)
    theirs = opened(client, max_, edit_page(own)) | {"level-1-name": "Of Max"}
    assert client.post(edit_page(own), theirs | {"do": "save"}).status_code == 302
    client.force_login(mia)
    refused = client.post(edit_page(own), fields | {"do": "save"})
    assert refused.status_code == 422
    assert "The chain was changed while you edited it" in refused.content.decode()
    assert "from <del>Level 2</del> to <ins>Of Max</ins>" in refused.content.decode()
    assert own.levels.get(number=1).name == "Level 1"
    again = client.post(edit_page(own), fields_of(refused) | {"do": "save"})
    assert again.status_code == 422
    over = refused.context["changed"].version
    assert client.post(edit_page(own), fields_of(refused) | {"over": over}).status_code == 302
    assert [level.name for level in own.levels.all()] == ["Mine", "Level 2"]


def test_a_chain_that_was_removed_meanwhile_is_gone(client, mia, own):
    fields = opened(client, mia, edit_page(own))
    client.post(reverse("policy_delete", args=[own.pk]))
    assert not Policy.objects.filter(pk=own.pk).exists()
    assert client.post(edit_page(own), fields | {"do": "save"}).status_code == 404


def test_saving_warns_where_nobody_stands_behind_a_level(house, client, mia, own):
    fields = opened(client, mia, edit_page(own))
    house.cora.contact_methods.all().delete()
    saved = client.post(edit_page(own), fields | {"do": "save"})
    told = [str(message) for message in get_messages(saved.wsgi_request)]
    assert "Level 2 has nobody right now for Platform: it goes on at once." in told


def test_a_new_chain_begins_as_a_copy_of_the_one_that_applies(house, client, mia):
    assert NEW in client_page(client, mia, reverse("policies"))
    severity = Policy.objects.get(severity__code="P1", team=None).severity
    address = begin(severity=str(severity.pk), scope="service:api", copied="on")
    fields = opened(client, mia, address)
    assert [fields[f"level-{key}-after"] for key in fields["levels"]] == ["0m", "15m", "1h"]
    assert not Policy.objects.filter(service=house.api).exists()
    saved = client.post(address, fields | {"do": "save", "level-0-name": "Of the API"})
    made = Policy.objects.get(service=house.api)
    assert saved.url == made.get_absolute_url()
    assert [level.name for level in made.levels.all()] == ["Of the API", "Level 2", "Level 3"]
    assert made.history.get().history_user == mia
    assert client.get(address).url == edit_page(made)
    taken = client.post(address, fields | {"do": "save"})
    assert "There is a policy for this severity and service already." in taken.content.decode()


def test_a_new_chain_begins_empty_where_that_is_wanted(house, client, mia):
    severity = Policy.objects.get(severity__code="P1", team=None).severity
    fields = opened(client, mia, begin(severity=str(severity.pk), scope="team:platform"))
    assert fields["levels"] == []
    fields = fields_of(pressed(client, begin(severity=str(severity.pk), scope="team:platform"), fields, "add-level"))
    assert (fields["level-0-number"], fields["level-0-after"]) == ("1", "0m")


def test_a_new_chain_is_for_own_teams_and_their_services_only(house, client, mia):
    Service.objects.create(slug="model", name="Model serving", team=house.ai)
    page = client_page(client, mia, NEW)
    assert "Public API (Platform)" in page
    assert "Model serving" not in page
    severity = Policy.objects.get(severity__code="P1", team=None).severity
    for scope in ("team:ai", "service:model", "", "team:"):
        refused = client.post(begin(severity=str(severity.pk), scope=scope), {"do": "save", "repeats": "0"})
        assert refused.status_code == 422
    assert not Policy.objects.filter(severity=severity).exclude(team=None, service=None).exists()


def test_a_running_incident_keeps_its_chain_when_it_is_edited_and_removed(house, client, mia, own):
    incident = declare(house.platform, house.rita)
    fields = opened(client, mia, edit_page(own))
    client.post(edit_page(own), fields_of(pressed(client, edit_page(own), fields, "remove-level:1")) | {"do": "save"})
    assert own.levels.count() == 1
    client.post(reverse("policy_delete", args=[own.pk]))
    assert incident.escalation_runs.get().levels.count() == 2


def test_the_picture_costs_the_same_however_many_people_there_are(house, client, mia, own, django_assert_num_queries):
    fields = opened(client, mia, edit_page(own)) | {"level-0-target-0-whom": f"team:{house.platform.pk}"}

    def draw() -> None:
        assert client.post(edit_page(own), fields, headers=AS_HTMX | {"HX-Target": "preview"}).status_code == 200

    draw()
    with CaptureQueriesContext(connection) as captured:
        draw()
    for name in ("Ann", "Ben", "Cem", "Dan"):
        make_person(name, house.platform, TeamRole.RESPONDER)
    with django_assert_num_queries(len(captured)):
        draw()
