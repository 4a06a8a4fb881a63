"""The heads of the chain leave the house."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from apps.audit import heads
from apps.audit.handlers import send_head, send_heads
from apps.audit.models import Seal
from apps.core.errors import ProviderError
from apps.engine.models import Timer
from apps.incidents.models import Incident
from tests.integrations.provider import Answer, Provider

pytestmark = pytest.mark.django_db(transaction=True)


def head() -> Seal:
    return Seal.objects.latest("number")


def test_each_destination_gets_a_job_of_its_own(sealed: Incident, settings: Any) -> None:
    settings.AUDIT_HEADS_FILE = "/var/lib/heads"
    settings.AUDIT_HEADS_TO = ["court@example.com", "notary@example.com"]
    settings.AUDIT_HEADS_WEBHOOKS = ["https://example.com/heads"]
    for _ in range(2):
        send_heads(Timer())
    planned = Timer.objects.filter(kind="audit.send_head").order_by("key")
    assert [timer.key.removeprefix("audit.send_head:") for timer in planned] == [
        "file:0",
        "mail:0",
        "mail:1",
        "webhook:0",
    ]


def test_the_file_grows_by_a_line(sealed: Incident, settings: Any, tmp_path: Path) -> None:
    settings.AUDIT_HEADS_FILE = str(tmp_path / "heads")
    for _ in range(2):
        send_head(Timer(payload={"way": "file", "place": 0}))
    line = f"2 {head().digest} {head().told['at']}"
    assert (tmp_path / "heads").read_text().splitlines() == [line, line]


def test_a_mail_says_the_head_and_what_to_do_with_it(sealed: Incident, settings: Any, mailoutbox: list[Any]) -> None:
    settings.AUDIT_HEADS_TO = ["court@example.com"]
    send_head(Timer(payload={"way": "mail", "place": 0}))
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (["court@example.com"], "ADO Incidents: seal 2")
    assert mail.body.startswith(f"2 {head().digest} ")
    assert f"--head {head().digest}:2" in mail.body


def test_a_webhook_is_posted_the_head(sealed: Incident, settings: Any) -> None:
    with Provider(lambda _: Answer()) as provider:
        settings.AUDIT_HEADS_WEBHOOKS = [f"{provider.url}/heads"]
        send_head(Timer(payload={"way": "webhook", "place": 0}))
        (request,) = provider.received
    assert request.json == {"number": 2, "hash": head().digest, "at": head().told["at"]}


def test_what_is_not_taken_is_tried_again(sealed: Incident, settings: Any) -> None:
    settings.AUDIT_HEADS_WEBHOOKS = ["http://127.0.0.1:9/heads"]
    with pytest.raises(ProviderError) as failure:
        send_head(Timer(payload={"way": "webhook", "place": 0}))
    assert not failure.value.permanent


def test_a_destination_that_was_taken_away_gets_nothing(sealed: Incident, settings: Any, mailoutbox: list[Any]) -> None:
    send_head(Timer(payload={"way": "mail", "place": 0}))
    assert mailoutbox == []


def test_there_is_no_head_before_the_first_seal(transactional_db: None, settings: Any, mailoutbox: list[Any]) -> None:
    settings.AUDIT_HEADS_TO = ["court@example.com"]
    heads.send("mail", 0)
    assert mailoutbox == []
