"""Who sees which integration, on its page and in the admin, and that a key is shown once."""

from __future__ import annotations

import re

import pytest
from django.core.exceptions import ValidationError
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.alerts import actions, queries, views
from apps.alerts.keys import digest_of
from apps.alerts.models import AlertSettings, Format, InboxEntry, Integration, SeverityRule
from apps.core.errors import NotAllowed
from apps.teams.models import Team, User
from tests.alerts.building import at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def other(ai: Team) -> Integration:
    made, _ = actions.create_integration(team=ai, name="Cron of AI", sender_format=Format.GENERIC, by=None)
    return made


@pytest.fixture
def administrator() -> User:
    return User.objects.create_superuser("ada@example.com", name="Ada")


@pytest.fixture
def unreadable(integration: Integration) -> InboxEntry:
    return InboxEntry.objects.create(
        integration=integration,
        body=b'{"<b>": 1}',
        received_at=at("10:00"),
        handled_at=at("10:00"),
        problem="No list 'alerts'.",
    )


def shown_to(person: User) -> list[str]:
    return [report.integration.name for report in queries.reports_for(person)]


class TestReports:
    def test_one_sees_the_integrations_of_ones_teams(
        self, integration: Integration, other: Integration, manager: User, administrator: User
    ) -> None:
        assert shown_to(manager) == ["Prometheus"]
        assert shown_to(administrator) == ["Cron of AI", "Prometheus"]

    def test_bodies_that_were_not_understood_are_shown_with_the_reason(
        self, unreadable: InboxEntry, manager: User
    ) -> None:
        (report,) = queries.reports_for(manager)
        assert (report.problems, report.last_posted_at, report.firing) == ([unreadable], at("10:00"), 0)


class TestKeys:
    def test_only_the_teams_manager_makes_integrations_and_rotates_keys(
        self, integration: Integration, other: Integration, manager: User, ai: Team
    ) -> None:
        with pytest.raises(NotAllowed):
            actions.create_integration(team=ai, name="Mine", sender_format=Format.GENERIC, by=manager)
        with pytest.raises(NotAllowed):
            actions.rotate_key(other, by=manager)
        before = integration.key_digest
        key = actions.rotate_key(integration, by=manager)
        integration.refresh_from_db()
        assert digest_of(key) == integration.key_digest != before

    def test_a_name_is_given_once_in_a_team(self, integration: Integration, platform: Team) -> None:
        with pytest.raises(ValidationError, match="already has"):
            actions.create_integration(team=platform, name="Prometheus", sender_format=Format.GENERIC, by=None)


class TestAdmin:
    def test_a_new_integrations_address_is_shown_once(self, client: Client, manager: User, platform: Team) -> None:
        client.force_login(manager)
        form = {"team": platform.pk, "name": "Cron", "format": "generic", "service": "", "is_active": "on"}
        page = client.post(reverse("admin:alerts_integration_add"), form, follow=True)
        (key,) = re.findall(r"/ingest/generic/([\w-]+)/", page.text)
        integration = Integration.objects.get()
        assert integration.key_digest == digest_of(key)
        assert integration.created_by == manager
        again = client.get(reverse("admin:alerts_integration_change", args=[integration.pk]))
        assert key not in again.text

    def test_rotating_shows_the_new_address(self, client: Client, manager: User, integration: Integration) -> None:
        client.force_login(manager)
        chosen = {"action": "rotate_key", "_selected_action": [integration.pk]}
        page = client.post(reverse("admin:alerts_integration_changelist"), chosen, follow=True)
        (key,) = re.findall(r"/ingest/alertmanager/([\w-]+)/", page.text)
        integration.refresh_from_db()
        assert integration.key_digest == digest_of(key)

    def test_the_inbox_can_be_narrowed_to_what_was_not_understood(
        self, client: Client, manager: User, unreadable: InboxEntry, integration: Integration
    ) -> None:
        InboxEntry.objects.create(integration=integration, body=b"{}", received_at=at("10:01"))
        client.force_login(manager)
        page = client.get(reverse("admin:alerts_inboxentry_changelist"), {"handling": "unreadable"})
        assert list(page.context["cl"].queryset) == [unreadable]
        entry = client.get(reverse("admin:alerts_inboxentry_change", args=[unreadable.pk]))
        assert "{&quot;&lt;b&gt;&quot;: 1}" in entry.text

    def test_another_teams_integration_does_not_exist(self, client: Client, manager: User, other: Integration) -> None:
        client.force_login(manager)
        page = client.get(reverse("admin:alerts_integration_change", args=[other.pk]))
        assert page.status_code == 302
        assert "Cron of AI" not in client.get(reverse("admin:alerts_integration_changelist")).text

    @pytest.mark.usefixtures("procedures")
    @pytest.mark.parametrize(
        "name", ["alert", "heartbeat", "inboxentry", "integration", "severityrule", "alertsettings"]
    )
    def test_every_list_opens(self, client: Client, administrator: User, unreadable: InboxEntry, name: str) -> None:
        client.force_login(administrator)
        assert client.get(reverse(f"admin:alerts_{name}_changelist")).status_code == 200

    @pytest.mark.usefixtures("procedures")
    def test_a_rule_needs_labels_and_values(self) -> None:
        rule = SeverityRule(position=99, labels=[], values="critical")
        with pytest.raises(ValidationError) as complaint:
            rule.full_clean()
        assert set(complaint.value.message_dict) == {"labels", "values"}

    @pytest.mark.usefixtures("procedures")
    def test_an_opsgenie_priority_reads_as_one_severity(self) -> None:
        with pytest.raises(ValidationError, match="texts by name"):
            AlertSettings(pk=1, opsgenie_priorities={"P1": ["P0"]}).full_clean(exclude=["id"], validate_unique=False)


def test_the_page_shows_a_body_that_was_not_understood_as_text(
    rf: RequestFactory, manager: User, unreadable: InboxEntry
) -> None:
    request = rf.get("/integrations/")
    request.user = manager
    page = views.integrations(request).content.decode()
    assert "Prometheus" in page
    assert "No list &#x27;alerts&#x27;." in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page


def test_nobody_sees_the_page_without_signing_in(rf: RequestFactory) -> None:
    from django.contrib.auth.models import AnonymousUser

    request = rf.get("/integrations/")
    request.user = AnonymousUser()
    assert views.integrations(request).status_code == 302
