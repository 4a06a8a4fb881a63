"""What a fresh installation is told about the sandbox."""

from __future__ import annotations

import re
import socket
from pathlib import Path

from py_vapid import Vapid02

from launcher.configuration import Configuration, variables
from launcher.sandbox import sandbox_variables

SERVERS = {"database_url": "postgresql://x", "owner_url": "postgresql://x", "redis_url": "redis://x"}


def test_every_provider_is_the_sandbox(tmp_path: Path) -> None:
    chosen = sandbox_variables(tmp_path, {})
    url = f"http://127.0.0.1:{chosen['SANDBOX_HTTP_PORT']}"
    assert (chosen["SANDBOX_HTTP_URL"], chosen["TWILIO_API_URL"], chosen["SLACK_API_URL"]) == (url, url, f"{url}/api/")
    assert re.fullmatch(r"AC[0-9a-f]{32}", chosen["TWILIO_ACCOUNT_SID"])
    assert (
        len(Vapid02.from_raw(chosen["VAPID_PRIVATE_KEY"].encode()).sign({"sub": "mailto:a@example.com", "aud": url}))
        == 1
    )


def test_secrets_and_the_http_port_last_over_a_restart_and_are_their_owners_only(tmp_path: Path) -> None:
    first, second = sandbox_variables(tmp_path, {}), sandbox_variables(tmp_path, {})
    changing = {"SANDBOX_SMTP_PORT", "EMAIL_URL"}
    assert {name for name in first if first[name] != second[name]} <= changing
    kept = [path for path in tmp_path.iterdir() if path.is_file()]
    assert kept
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}


def test_another_port_is_taken_when_somebody_has_it(tmp_path: Path) -> None:
    first = sandbox_variables(tmp_path, {})
    with socket.create_server(("127.0.0.1", int(first["SANDBOX_HTTP_PORT"]))):
        second = sandbox_variables(tmp_path, {})
    assert second["SANDBOX_HTTP_PORT"] != first["SANDBOX_HTTP_PORT"]
    assert second["TWILIO_API_URL"].endswith(second["SANDBOX_HTTP_PORT"])


def test_what_is_given_stays(tmp_path: Path) -> None:
    given = {"TWILIO_AUTH_TOKEN": "mine", "SANDBOX_HTTP_PORT": "4711", "OUTBOUND_PRIVATE": "refused"}
    chosen = sandbox_variables(tmp_path, given)
    assert given.items() <= chosen.items()
    assert chosen["SANDBOX_HTTP_URL"] == "http://127.0.0.1:4711"


def test_there_is_no_sandbox_where_mails_have_a_server_of_their_own(tmp_path: Path) -> None:
    given = {"DATA_DIR": str(tmp_path), "EMAIL_URL": "smtp://mail.example.com"}
    chosen = variables(Configuration.read(given), **SERVERS)
    assert chosen["EMAIL_URL"] == "smtp://mail.example.com"
    assert not [name for name in chosen if name.startswith(("SANDBOX", "TWILIO", "SLACK", "VAPID", "OUTBOUND"))]
