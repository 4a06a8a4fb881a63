"""What one does on the incident page, and what the page then says."""

from __future__ import annotations

import pytest

from apps.engine.runner import run_due
from apps.incidents.models import ChecklistItem, ChecklistTemplateItem, EventKind, Severity, Status
from tests.factories.contacts import make_external_contacts
from tests.factories.escalation import make_trigger
from tests.factories.incidents import declare, resolve


@pytest.fixture
def post(incident, rita):
    """Post to an action of the incident as Rita and return the page that follows: 422 or 409 if it holds a text."""

    def posted(action, client=rita, **fields):
        answer = client.post(f"{incident.get_absolute_url()}{action}/", fields, follow=True)
        assert answer.status_code in (200, 409, 422)
        incident.refresh_from_db()
        return answer.content.decode()

    return posted


def test_a_new_incident_has_one_obvious_next_action_to_acknowledge(incident, rita):
    page = rita.get(incident.get_absolute_url()).content.decode()
    assert "Next: acknowledge" in page
    assert "Commander: <span" in page


def test_acknowledging_moves_the_incident_and_the_next_action(incident, house, post):
    page = post("acknowledge")
    assert incident.status == Status.ACKNOWLEDGED
    assert incident.acknowledged_by == house.rita
    assert "Next: start investigating" in page


def test_each_step_offers_the_one_after_it(incident, post):
    post("acknowledge")
    for step, following in (("investigating", "cause identified"), ("identified", "fix is out, monitor")):
        assert f"Next: {following}" in post("transition", to=step)


def test_what_gates_the_resolution_is_listed_until_it_is_done(incident, cora, post):
    post("acknowledge")
    page = post("transition", to="monitoring")
    gating = ChecklistItem.objects.get(incident=incident, gates="resolved")
    assert "Before it can be resolved" in page
    assert f'href="#item-{gating.pk}"' in page
    assert "The fix is verified" in page
    post(f"checklist/{gating.pk}", done="on")
    page = post("fix", reference="hotfix/1", verified="on")
    assert "Next: resolve" in page
    post("resolve")
    assert incident.status == Status.RESOLVED


def test_resolving_too_early_names_everything_that_is_missing(incident, post):
    page = post("resolve")
    assert incident.status != Status.RESOLVED
    assert "• Do immediate" in page
    assert "• The fix is verified" in page


def test_a_tick_can_be_taken_back_and_both_are_on_the_timeline(incident, post):
    item = incident.checklist.first()
    post(f"checklist/{item.pk}", done="on")
    item.refresh_from_db()
    assert item.done
    post(f"checklist/{item.pk}")
    item.refresh_from_db()
    assert not item.done
    kinds = list(incident.timeline.values_list("kind", flat=True))
    assert kinds.index(EventKind.CHECKLIST_TICKED) < kinds.index(EventKind.CHECKLIST_UNTICKED)


def test_an_item_of_another_incident_is_not_there(house, incident, rita):
    other = declare(house.platform, house.rita)
    answer = rita.post(f"{incident.get_absolute_url()}checklist/{other.checklist.first().pk}/", {"done": "on"})
    assert answer.status_code == 404
    assert not other.checklist.filter(done=True).exists()


def test_waiving_is_the_commanders_right_and_needs_a_reason(incident, cora, post):
    item = incident.checklist.get(gates="resolved")
    assert "has no right to command" in post(f"checklist/{item.pk}/waive", reason="A drill")
    assert "This field is required" in post(f"checklist/{item.pk}/waive", client=cora, reason=" ")
    assert "Waived: A drill" in post(f"checklist/{item.pk}/waive", client=cora, reason="A drill")


def test_a_note_appears_on_the_timeline_as_it_was_written(incident, post):
    assert "Rolled the &lt;token&gt;" in post("notes", text="Rolled the <token>")


def test_a_role_nobody_took_is_visible_and_can_be_taken(incident, house, rita, post):
    assert rita.get(incident.get_absolute_url()).content.decode().count("Nobody took it") == 3
    page = post("roles", role="commander", person=house.rita.pk)
    assert page.count("Nobody took it") == 2
    assert "Commander: Rita" in page


def test_the_page_says_who_is_paged_next_and_when(incident, rita):
    run_due()
    page = rita.get(incident.get_absolute_url()).content.decode()
    assert "Next: <strong>level 2</strong>, Level 2" in page
    assert "(Cora)" in page
    assert "10:15 UTC" in page


def test_escalating_by_a_trigger_pages_its_level_at_once(incident, post):
    page = post("escalate", trigger="security", reason="Tokens in the log")
    run_due()
    assert "Tokens in the log" in page
    level = incident.escalation_runs.get().levels.get(number=3)
    assert level.state == "fired"


def test_a_held_escalation_says_until_when(incident, post):
    run_due()
    assert "Held until 10:30 UTC" in post("hold", minutes=30)
    assert "Held until 13:15 UTC" in post("hold", minutes=30, other="3.25h")
    assert "Held until" not in post("hold/end")


TOO_SHORT_OR_LONG = "between 1 minute and 24 hours"


@pytest.mark.parametrize(("other", "said"), [("soon", "soon"), ("25h", TOO_SHORT_OR_LONG), ("0m", TOO_SHORT_OR_LONG)])
def test_a_hold_for_what_is_no_span_is_refused(incident, post, other, said):
    page = post("hold", minutes=30, other=other)
    assert said in page
    assert "Held until" not in page


def test_another_severity_gives_the_clocks_other_targets(incident, post):
    page = post("severity", severity=Severity.objects.get(code="P2").pk, reason="One user only")
    assert incident.severity.code == "P2"
    assert "due 12:00 UTC" in page


def test_an_update_is_sent_from_the_prefilled_form(incident, rita, post):
    assert "Status: declared" in rita.get(incident.get_absolute_url()).content.decode()
    page = post("updates", message="We found the cause.")
    assert "We found the cause." in page
    assert incident.updates.get().message == "We found the cause."


def test_every_assessment_of_the_impact_is_kept_and_the_latest_is_shown(incident, post):
    post("impact", users_affected=10, data_integrity="unknown")
    page = post("impact", users_affected=250, data_integrity="verified")
    assert incident.impact_assessments.count() == 2
    assert page.index("250") < page.index("1 earlier")


def test_an_impossible_impact_is_refused_with_the_form(incident, rita):
    answer = rita.post(
        f"{incident.get_absolute_url()}impact/", {"availability_percent": "130", "data_integrity": "unknown"}
    )
    assert answer.status_code == 422
    assert not incident.impact_assessments.exists()


def test_merging_leads_to_the_other_incident(house, incident, rita):
    target = declare(house.platform, house.rita, title="The first report")
    answer = rita.post(f"{incident.get_absolute_url()}merge/", {"into": target.reference})
    incident.refresh_from_db()
    assert (incident.status, incident.merged_into) == (Status.MERGED, target)
    assert answer["Location"] == target.get_absolute_url()


def test_cancelling_needs_a_reason(incident, post):
    post("cancel", reason="")
    assert incident.is_open
    post("cancel", reason="A false alarm")
    assert incident.status == Status.CANCELLED


def test_after_the_resolution_the_closure_is_confirmed_then_closed(house, incident, cora, post):
    resolve(incident, house.cora)
    page = post("confirm-closure", client=cora, note="Support agrees")
    assert incident.closure_confirmed_by == house.cora
    assert "Before it can be closed" in page
    post(f"checklist/{incident.checklist.get(gates='closed').pk}", client=cora, done="on")
    post("close", client=cora)
    assert incident.status == Status.CLOSED


def test_reopening_within_a_day_goes_on_with_the_same_incident(house, incident, cora, post):
    resolve(incident, house.cora)
    page = post("reopen", client=cora, reason="It is back")
    assert incident.status == Status.INVESTIGATING
    assert "Next: acknowledge" in page


def test_reopening_later_leads_to_a_new_incident_that_follows(house, incident, cora, clock):
    resolve(incident, house.cora)
    clock.shift(hours=25)
    answer = cora.post(f"{incident.get_absolute_url()}reopen/", {"reason": "It is back"})
    assert answer["Location"] == incident.followed_by.get().get_absolute_url()


def test_an_action_is_never_done_by_opening_its_address(incident, rita):
    assert rita.get(f"{incident.get_absolute_url()}acknowledge/")["Location"] == incident.get_absolute_url()
    incident.refresh_from_db()
    assert incident.acknowledged_at is None


def test_what_the_incident_is_can_be_said_better_and_the_timeline_keeps_what_was_said(incident, house, post):
    page = post("describe", title="API answers 502", summary="Since the deployment.", services=[])
    assert incident.title == "API answers 502"
    assert "Since the deployment." in page
    assert not incident.services.exists()
    event = incident.timeline.get(kind=EventKind.DESCRIBED)
    assert event.data["before"] == {"title": "Agent pipeline down", "summary": "", "services": ["api"]}
    assert "“Agent pipeline down” is now “API answers 502”" in event.text


def test_saving_the_description_as_it_is_records_nothing(incident, house, post):
    post("describe", title=incident.title, summary=incident.summary, services=[house.api.pk])
    assert not incident.timeline.filter(kind=EventKind.DESCRIBED).exists()


def test_a_trigger_that_needs_a_vendor_shows_whom_to_call(incident, house, post):
    make_external_contacts()
    make_trigger("vendor", level=2, shows_external_contacts=True)
    assert "Vendors to involve" not in post("notes", text="GitHub?")
    page = post("escalate", level="", trigger="vendor", reason="The GitHub API answers nothing")
    assert "Vendors to involve" in page
    assert "https://support.github.example" in page
    assert "https://support.aws.example" not in page


def test_a_vendor_that_nobody_named_shows_all_of_them(incident, house, post):
    make_external_contacts()
    make_trigger("vendor", level=2, shows_external_contacts=True)
    page = post("escalate", level="", trigger="vendor", reason="Somebody outside")
    assert "https://support.github.example" in page
    assert "https://support.aws.example" in page


def test_the_initial_checklist_has_its_commands_ready_to_copy(house, rita):
    ChecklistTemplateItem.objects.create(
        key="health", part="initial", position=9, text="Full health check", command="ado health-check --full"
    )
    page = rita.get(declare(house.platform, house.rita).get_absolute_url()).content.decode()
    assert ">ado health-check --full</code>" in page
    assert 'data-copy="ado health-check --full"' in page
