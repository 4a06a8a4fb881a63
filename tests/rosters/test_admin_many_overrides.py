"""The page of a roster with more overrides than it shows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.rosters.admin.overrides import MOST_SHOWN
from apps.rosters.models import Override
from tests.rosters.admin_forms import as_shown, change_page, signed_in

pytestmark = pytest.mark.django_db

MANY = MOST_SHOWN + 7
HOUR = timedelta(hours=1)


@pytest.fixture
def many(roster, clock, people) -> list[Override]:
    """An hour each, one after the other, from tomorrow on."""
    begin = [clock.now + timedelta(days=1) + number * HOUR for number in range(MANY)]
    rows = [
        Override(roster=roster, person=people[0], during=(start, start + HOUR), created_at=clock.now) for start in begin
    ]
    return Override.objects.bulk_create(rows)


def rows_of(page) -> list[int]:
    formset = next(each.formset for each in page.context["inline_admin_formsets"] if each.formset.prefix == "overrides")
    return [form.instance.pk for form in formset.initial_forms]


def test_the_next_of_them_are_shown_and_where_the_others_are(roster, many, manager):
    client = signed_in(manager)
    page = client.get(change_page(roster))
    assert rows_of(page) == [each.pk for each in many[:MOST_SHOWN]]
    text = page.content.decode()
    assert "7 more are to come" in text
    others = f"/admin/rosters/override/?roster__id__exact={roster.pk}"
    assert others in text
    assert client.get(others).context["cl"].result_count == MANY


def test_where_all_are_shown_nothing_is_said_of_others(roster, many, manager):
    Override.objects.filter(pk__in=[each.pk for each in many[MOST_SHOWN:]]).delete()
    page = signed_in(manager).get(change_page(roster))
    assert len(rows_of(page)) == MOST_SHOWN
    assert "to come:" not in page.content.decode()


def test_saving_touches_none_of_the_others(roster, many, manager, people, clock):
    client = signed_in(manager)
    sent = as_shown(client.get(change_page(roster)))
    before = Override.objects.create(
        roster=roster, person=people[1], during=(clock.now, clock.now + HOUR), created_at=clock.now
    )
    last = MOST_SHOWN - 1
    assert sent[f"overrides-{last}-id"] == [str(many[last].pk)]
    answer = client.post(change_page(roster), sent | {"name": ["Renamed"], f"overrides-{last}-DELETE": ["on"]})
    assert answer.status_code == 302
    left = {before.pk, *(each.pk for each in many)} - {many[last].pk}
    assert set(Override.objects.values_list("pk", flat=True)) == left


def test_a_page_with_a_mistake_says_the_same_again(roster, many, manager):
    client = signed_in(manager)
    sent = as_shown(client.get(change_page(roster)))
    page = client.post(change_page(roster), sent | {"name": [""]})
    assert page.status_code == 200
    assert rows_of(page) == [each.pk for each in many[:MOST_SHOWN]]
    assert "7 more are to come" in page.content.decode()
