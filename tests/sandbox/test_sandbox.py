"""Mails go in by SMTP, and come out as their receivers see them."""

from __future__ import annotations

import smtplib
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path

import pytest
from django.test import Client

from sandbox.outbox import Outbox
from tests.sandbox.conftest import Running


@pytest.fixture
def port(sandbox: Running) -> int:
    """Where a running sandbox takes mails."""
    return sandbox.smtp_port


def mail(*, subject: str = "Hello", to: str = "a@example.com", html: str = "", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "house@example.com", to, subject
    message["Message-ID"] = make_msgid()
    for name, value in headers.items():
        message[f"X-ADO-{name}"] = value
    message.set_content("Look at http://127.0.0.1:8000/incidents/INC-1/.\n")
    if html:
        message.add_alternative(html, subtype="html")
    return message


def send(port: int, *messages: EmailMessage, to: list[str] | None = None) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as server:
        for message in messages:
            server.send_message(message, to_addrs=to)


def test_a_page_is_in_the_outbox_as_the_contract_says(port: int, browser: Client) -> None:
    before = datetime.now(UTC)
    html = '<p>Somebody must <a href="http://127.0.0.1:8000/ack/TOKEN/">acknowledge</a></p>'
    send(port, mail(subject="P0 · Störung", html=html, Kind="page", Incident="INC-1", Level="1"))
    (row,) = browser.get("/sandbox/outbox.json").json()
    at = datetime.fromisoformat(row.pop("at"))
    assert before <= at <= datetime.now(UTC)
    assert row == {
        "channel": "email",
        "kind": "page",
        "incident": "INC-1",
        "level": 1,
        "to": "a@example.com",
        "subject": "P0 · Störung",
        "text": "Look at http://127.0.0.1:8000/incidents/INC-1/.",
        "links": ["http://127.0.0.1:8000/incidents/INC-1/", "http://127.0.0.1:8000/ack/TOKEN/"],
        "incidents": [],
    }


def test_a_summary_names_each_incident_with_its_level(folder: Path) -> None:
    folder.mkdir()
    Outbox(folder).keep_mail(mail(Kind="page", Incidents="INC-1:1, INC-2:2").as_bytes(), ["a@example.com"])
    row = Outbox(folder).rows()[0].as_contract()
    assert (row["kind"], row["incident"], row["level"]) == ("page", None, None)
    assert row["incidents"] == [{"incident": "INC-1", "level": 1}, {"incident": "INC-2", "level": 2}]


def test_each_receiver_has_a_row_hidden_ones_too(port: int, browser: Client) -> None:
    send(port, mail(), to=["a@example.com", "b@example.com"])
    rows = browser.get("/sandbox/outbox.json").json()
    assert [row["to"] for row in rows] == ["a@example.com", "b@example.com"]
    assert rows[0]["at"] < rows[1]["at"]


def test_since_leaves_out_what_was_seen_and_nothing_else(port: int, browser: Client) -> None:
    send(port, *(mail(subject=str(number)) for number in range(20)))
    rows = browser.get("/sandbox/outbox.json").json()
    assert [row["subject"] for row in rows] == [str(number) for number in range(20)]
    for style in ("{}", "{}+00:00", "{}Z"):
        since = style.format(rows[7]["at"].removesuffix("+00:00"))
        later = browser.get(f"/sandbox/outbox.json?since={since}").json()
        assert later == rows[8:]
    assert browser.get("/sandbox/outbox.json", {"since": rows[-1]["at"]}).json() == []


def test_a_time_that_is_none_is_a_problem(browser: Client) -> None:
    answer = browser.get("/sandbox/outbox.json?since=yesterday")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert browser.get("/sandbox/newer/?since=yesterday").status_code == 400


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, ("other", None, None)),
        ({"Kind": "surprise", "Level": "6"}, ("other", None, None)),
        ({"Kind": "role_page", "Level": "one"}, ("role_page", None, None)),
        ({"Kind": "update", "Incident": "INC-12", "Level": "5"}, ("update", "INC-12", 5)),
    ],
)
def test_what_the_headers_do_not_say_is_other(
    folder: Path, headers: dict[str, str], said: tuple[str, str | None, int | None]
) -> None:
    folder.mkdir()
    outbox = Outbox(folder)
    outbox.keep_mail(mail(**headers).as_bytes(), ["a@example.com"])
    (row,) = outbox.rows()
    assert (row.kind, row.incident, row.level) == said


def test_a_mail_that_is_only_html_has_its_words_as_text(folder: Path) -> None:
    folder.mkdir()
    message = EmailMessage()
    message.set_content("<style>p {color: red}</style><p>Half <b>past</b> three</p>", subtype="html")
    Outbox(folder).keep_mail(message.as_bytes(), ["a@example.com"])
    assert Outbox(folder).rows()[0].text == "Half past three"


def test_times_grow_over_a_restart_even_when_the_clock_went_back(folder: Path) -> None:
    folder.mkdir()
    outbox = Outbox(folder)
    outbox.keep_mail(mail().as_bytes(), ["a@example.com"])
    rows = folder / "outbox.jsonl"
    future = datetime.now(UTC) + timedelta(hours=1)
    rows.write_text(rows.read_text().replace(outbox.rows()[0].at, future.isoformat(timespec="microseconds")))
    after_restart = Outbox(folder)
    after_restart.keep_mail(mail().as_bytes(), ["a@example.com"])
    assert after_restart.rows()[1].instant > future


def test_a_row_that_is_still_being_written_is_not_read(folder: Path) -> None:
    folder.mkdir()
    outbox = Outbox(folder)
    outbox.keep_mail(mail().as_bytes(), ["a@example.com"])
    with (folder / "outbox.jsonl").open("a") as file:
        file.write('{"at": "2026-')
    assert len(outbox.rows()) == 1


@pytest.mark.django_db
def test_the_page_shows_the_newest_first_and_one_receiver_on_request(port: int, browser: Client) -> None:
    send(port, mail(subject="Disk full"), mail(subject="Disk well", to="b@example.com"))
    everybody = browser.get("/sandbox/").content.decode()
    assert everybody.index("Disk well") < everybody.index("Disk full")
    only = browser.get("/sandbox/?to=b@example.com").content.decode()
    assert "Disk well" in only
    assert "Disk full" not in only


@pytest.mark.django_db
def test_an_open_page_is_told_what_came_since(port: int, browser: Client) -> None:
    send(port, mail(subject="Disk full"))
    seen = browser.get("/sandbox/outbox.json").json()[-1]["at"]
    assert browser.get("/sandbox/newer/", {"since": seen}).status_code == 204
    send(port, mail(subject="Disk well"))
    newer = browser.get("/sandbox/newer/", {"since": seen}).content.decode()
    assert "Disk well" in newer
    assert "Disk full" not in newer


def test_a_mail_cannot_run_scripts_and_its_links_leave_the_frame(folder: Path, browser: Client) -> None:
    folder.mkdir()
    outbox = Outbox(folder)
    outbox.keep_mail(mail(html="<html><head></head><body><script>bad()</script>Hi</body></html>").as_bytes(), ["a@b.c"])
    answer = browser.get(f"/sandbox/messages/{outbox.rows()[0].message}/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy
    assert '<head><base target="_top"></head>' in answer.content.decode()


def test_a_mail_that_was_never_sent_is_not_found(browser: Client) -> None:
    assert browser.get("/sandbox/messages/unknown/").status_code == 404
