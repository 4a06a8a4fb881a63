"""The commands that hand out addresses and tokens print nothing else."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from apps.alerts.keys import digest_of
from apps.alerts.models import Heartbeat, Integration
from apps.catalog.models import Service
from apps.core import keys
from apps.teams.models import ApiToken, Team, User

pytestmark = pytest.mark.django_db


def printed(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


class TestCreateIntegration:
    def test_it_prints_nothing_but_the_absolute_address(self, platform: Team, monitoring: Service) -> None:
        line = printed(
            "create_integration",
            "--team=platform",
            "--format=alertmanager",
            "--name=Prometheus",
            "--service=monitoring",
        )
        integration = Integration.objects.get()
        prefix = f"{settings.SITE_URL}/ingest/alertmanager/"
        assert line.startswith(prefix)
        assert line.endswith("/\n")
        assert digest_of(line.strip().removeprefix(prefix).strip("/")) == integration.key_digest
        assert (integration.team, integration.service, integration.name) == (platform, monitoring, "Prometheus")

    @pytest.mark.parametrize("sender_format", ["pagerduty", "opsgenie"])
    def test_of_a_vendors_form_it_prints_the_base_of_its_addresses_and_the_key(
        self, platform: Team, sender_format: str
    ) -> None:
        line = printed("create_integration", "--team=platform", f"--format={sender_format}", "--name=Vendor")
        base, key = line.removesuffix("\n").split("\t")
        assert base == settings.SITE_URL
        assert digest_of(key) == Integration.objects.get().key_digest

    def test_the_secret_of_a_webhook_comes_from_a_file(self, platform: Team, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("quite secret\n")
        words = ("create_integration", "--team=platform", f"--secret-file={tmp_path / 'secret'}")
        printed(*words, "--name=GitHub", "--format=github")
        assert Integration.objects.get().secret == "quite secret"
        with pytest.raises(CommandError, match="Only what GitHub sends is signed"):
            printed(*words, "--name=Other", "--format=generic")

    def test_a_heartbeat_has_its_span(self, platform: Team, monitoring: Service) -> None:
        line = printed(
            "create_integration",
            "--team=platform",
            "--format=heartbeat",
            "--name=Nightly backup",
            "--service=monitoring",
            "--every=25h",
        )
        heartbeat = Heartbeat.objects.get()
        prefix = f"{settings.SITE_URL}/ingest/heartbeat/"
        assert digest_of(line.strip().removeprefix(prefix).strip("/")) == heartbeat.key_digest
        assert (heartbeat.team, heartbeat.service, heartbeat.every) == (platform, monitoring, timedelta(hours=25))

    @pytest.mark.parametrize(
        ("changed", "complaint"),
        [
            ({"--team": "nobody"}, 'no team "nobody"; there are: platform'),
            ({"--service": "nothing"}, 'no service "nothing"; there are: monitoring'),
            ({"--format": "carrier-pigeon"}, "invalid choice"),
            ({"--name": "Prometheus"}, "already has an integration of this name"),
            ({"--name": " "}, "cannot be blank"),
            ({"--every": "25h"}, "A heartbeat needs --every"),
            ({"--format": "heartbeat"}, "A heartbeat needs --every"),
            ({"--format": "heartbeat", "--every": "daily"}, "--every: expected a duration"),
            ({"--format": "heartbeat", "--every": "5s"}, "every minute to every 366 days"),
        ],
    )
    def test_what_is_wrong_is_said(self, integration: Integration, changed: dict[str, str], complaint: str) -> None:
        arguments = {"--team": "platform", "--format": "generic", "--name": "New"} | changed
        with pytest.raises(CommandError, match=complaint):
            printed("create_integration", *(part for pair in arguments.items() for part in pair))
        assert Integration.objects.count() == 1


class TestCreateToken:
    def test_it_prints_nothing_but_the_token(self, manager: User) -> None:
        line = printed("create_token", "--user=Mona@example.com", "--name=laptop")
        token = ApiToken.objects.get()
        assert keys.digest_of(line.strip()) == token.digest
        assert (token.person, token.name, token.scope) == (manager, "laptop", "respond")

    def test_scope_and_life_are_chosen(self, manager: User, clock: Any) -> None:
        printed("create_token", "--user=mona@example.com", "--name=ci", "--scope=read", "--expires-days=7")
        token = ApiToken.objects.get()
        assert (token.scope, token.expires_at) == ("read", clock.now + timedelta(days=7))

    @pytest.mark.parametrize(
        ("changed", "complaint"),
        [
            ({"--user": "ghost@example.com"}, "nobody with the address ghost@example.com"),
            ({"--scope": "everything"}, "invalid choice"),
            ({"--expires-days": "0"}, "1 to 365 days"),
            ({"--name": ""}, "1 to 120 characters"),
        ],
    )
    def test_what_is_wrong_is_said(self, manager: User, changed: dict[str, str], complaint: str) -> None:
        arguments = {"--user": "mona@example.com", "--name": "laptop"} | changed
        with pytest.raises(CommandError, match=complaint):
            printed("create_token", *(f"{name}={value}" for name, value in arguments.items()))
        assert not ApiToken.objects.exists()

    def test_a_person_who_left_gets_none(self, manager: User) -> None:
        manager.is_active = False
        manager.save()
        with pytest.raises(CommandError, match="deactivated"):
            printed("create_token", "--user=mona@example.com", "--name=laptop")
