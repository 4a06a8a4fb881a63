"""The pages of reviews and action items (R28 to R31)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.postmortems import actions as postmortems
from apps.postmortems.models import ActionStatus, ReviewStatus
from tests.factories.incidents import resolve


@pytest.fixture
def review(incident, house):
    resolve(incident, house.cora)
    postmortems.create_for(incident)
    return incident.postmortem


def answers_of(review, **given):
    """What the form sends: every answer as it stands, but for those ``given`` by key."""
    return {f"answer_{each.pk}": given.get(each.key, each.answer) for each in review.answers.all()}


def test_the_review_comes_with_what_the_record_knows(review, cora):
    page = cora.get(review.get_absolute_url()).content.decode()
    assert "Filled in from the record." in page
    assert "Closure confirmation" in page


def test_answers_and_summary_are_saved(review, cora):
    cora.post(review.get_absolute_url(), {**answers_of(review, primary_cause="A full disk"), "summary": "In short"})
    review.refresh_from_db()
    assert (review.summary, review.status) == ("In short", ReviewStatus.IN_REVIEW)
    assert review.answers.get(key="primary_cause").answer == "A full disk"


def test_a_review_without_its_cause_is_not_finished_and_says_why(review, cora):
    page = cora.post(f"{review.get_absolute_url()}finish/", follow=True).content.decode()
    assert "Primary cause" in page
    assert "cannot be finished yet" in page
    review.refresh_from_db()
    assert not review.is_finished


def test_a_finished_review_says_by_whom(review, cora):
    cora.post(review.get_absolute_url(), answers_of(review, primary_cause="A full disk"))
    page = cora.post(f"{review.get_absolute_url()}finish/", follow=True).content.decode()
    review.refresh_from_db()
    assert review.is_finished
    assert "by Cora" in page


def test_whoever_may_only_read_sees_the_answers_and_no_form(review, house, signed_in):
    page = signed_in(house.stella).get(review.get_absolute_url()).content.decode()
    assert "Primary cause" in page
    assert "No answer" in page
    assert "<textarea" not in page


def test_an_action_item_is_added_listed_and_done(review, incident, house, cora, clock):
    due = clock.now.date() + timedelta(days=7)
    fields = {
        "action": "Watch the disk", "kind": "monitoring", "priority": "high", "owner": house.rita.pk, "due_date": due,
    }  # fmt: skip
    cora.post(f"{review.get_absolute_url()}action-items/", fields)
    item = incident.action_items.get()
    assert "Watch the disk" in cora.get("/action-items/").content.decode()
    cora.post(f"/action-items/{item.pk}/done/")
    item.refresh_from_db()
    assert item.status == ActionStatus.DONE
    assert "Watch the disk" not in cora.get("/action-items/").content.decode()


def test_an_action_item_that_nobody_owns_is_refused_with_a_reason(review, incident, cora, clock):
    fields = {"action": "Watch", "kind": "monitoring", "priority": "high", "due_date": clock.now.date()}
    page = cora.post(f"{review.get_absolute_url()}action-items/", fields, follow=True).content.decode()
    assert "owns it" in page
    assert not incident.action_items.exists()


@pytest.mark.parametrize("then", ["https://elsewhere.example.com/", "//elsewhere.example.com/", "nosuch", "home", ""])
def test_done_leads_back_only_to_pages_of_this_house(review, incident, house, cora, clock, then):
    item = postmortems.add_action_item(
        incident.pk, kind="process", action="Write it down", due_date=clock.now.date(), owner=house.rita, by=house.cora
    )
    answer = cora.post(f"/action-items/{item.pk}/done/", {"then": then})
    assert answer["Location"] == "/action-items/"


def test_done_leads_back_to_where_it_was_ticked(review, incident, house, cora, clock):
    item = postmortems.add_action_item(
        incident.pk, kind="process", action="Write it down", due_date=clock.now.date(), owner=house.rita, by=house.cora
    )
    answer = cora.post(f"/action-items/{item.pk}/done/", {"then": review.get_absolute_url()})
    assert answer["Location"] == review.get_absolute_url()
