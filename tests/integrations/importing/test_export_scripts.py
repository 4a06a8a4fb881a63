"""The scripts of docs/migrating.md, run against a server that answers as the products do: what they print is read."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from apps.integrations.importing import document, grafana_oncall, opsgenie, pagerduty
from tests.integrations.importing import grafana_export, opsgenie_export, pagerduty_export
from tests.integrations.importing.counting import NOW, compared, read

pytestmark = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("jq")), reason="the scripts need curl and jq"
)
DOCS = Path(__file__).parents[3] / "docs" / "migrating.md"


def script(vendor: str) -> str:
    """The script of the vendor, as the page has it."""
    page = DOCS.read_text(encoding="utf-8")
    found = re.search(rf"```sh\n(#!/bin/sh -eu\n# export-{vendor}\.sh .*?)```", page, re.DOTALL)
    assert found
    return found[1]


@contextmanager
def answering(answers: dict[str, Any]) -> Iterator[str]:
    """A server that answers each path with its JSON, everything else with 404; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers.get(urlsplit(self.path).path)
            self.send_response(404 if answer is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *args: Any) -> None:
            """Nothing of it is said."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def export(vendor: str, tmp_path: Path, **environment: str) -> Path:
    """Run the script; the file that it printed. Raises CalledProcessError where a call failed."""
    path, file = tmp_path / "export.sh", tmp_path / "export.json"
    path.write_text(script(vendor), encoding="utf-8")
    with file.open("wb") as out:
        subprocess.run(["sh", "-eu", str(path)], stdout=out, env={**os.environ, **environment}, check=True, timeout=60)
    return file


def pagerduty_answers() -> dict[str, Any]:
    given = pagerduty_export.export()
    users = [user for answer in given["users"] for user in answer["users"]]
    schedules = [answer["schedule"] for answer in given["schedules"]]
    return {
        "/users": {"users": users, "more": False},
        "/teams": {**given["teams"], "more": False},
        "/escalation_policies": given["escalation_policies"],
        "/schedules": {"schedules": [{"id": each["id"], "name": each["name"]} for each in schedules], "more": False},
        **{f"/schedules/{each['id']}": {"schedule": each} for each in schedules},
        **{f"/schedules/{each['id']}/overrides": {"overrides": []} for each in schedules},
        **{f"/schedules/{ref}/overrides": answer for ref, answer in given["overrides"].items()},
        **{f"/teams/{ref}/members": answer for ref, answer in given["team_members"].items()},
    }


def opsgenie_answers() -> dict[str, Any]:
    given = opsgenie_export.export()
    users = [user for answer in given["users"] for user in answer["data"]]
    schedules = [each["id"] for each in given["schedules"]["data"]]
    return {
        "/v2/users": {"data": users, "paging": {}},
        "/v2/teams": {"data": [{"id": "t-1", "name": "Platform"}]},
        "/v2/teams/t-1": given["teams"][0],
        "/v2/schedules": given["schedules"],
        "/v2/escalations": given["escalations"],
        **{f"/v2/users/{user['id']}/contacts": given["contacts"].get(user["id"], {"data": []}) for user in users},
        **{f"/v2/schedules/{ref}/overrides": given["overrides"].get(ref, {"data": []}) for ref in schedules},
        **{
            f"/v2/schedules/{ref}/timeline": given["timelines"].get(ref, given["timelines"]["s-2"]) for ref in schedules
        },
    }


def grafana_answers() -> dict[str, Any]:
    given = grafana_export.export()
    finals = {ref: {"results": []} for ref in ("S1", "S2", "S3")} | given["final_shifts"]
    users = grafana_export.page([user for answer in given["users"] for user in answer["results"]])
    plain = ("teams", "schedules", "on_call_shifts", "escalation_chains", "escalation_policies")
    return {
        "/api/v1/users/": users,
        **{f"/api/v1/{name}/": given[name] for name in plain},
        **{f"/api/v1/schedules/{ref}/final_shifts": answer for ref, answer in finals.items()},
    }


def test_what_the_script_for_pagerduty_prints_is_imported(tmp_path):
    with answering(pagerduty_answers()) as url:
        window = pagerduty_export.export()["window"]
        file = export(
            "pagerduty", tmp_path, PAGERDUTY_URL=url, PAGERDUTY_TOKEN="t", SINCE=window["since"], UNTIL=window["until"]
        )
    found = read(pagerduty, document.load(file).value)
    wanted = read(pagerduty, pagerduty_export.export())
    assert (found.people, found.teams, found.chains) == (wanted.people, wanted.teams, wanted.chains)
    assert compared(found) == compared(wanted)


def test_what_the_script_for_opsgenie_prints_is_imported(tmp_path):
    with answering(opsgenie_answers()) as url:
        file = export("opsgenie", tmp_path, OPSGENIE_URL=url, OPSGENIE_KEY="k")
    found = opsgenie.read(document.load(file), now=NOW)
    wanted = read(opsgenie, opsgenie_export.export())
    assert (found.people, found.teams, found.chains) == (wanted.people, wanted.teams, wanted.chains)
    assert compared(found) == compared(wanted)


def test_what_the_script_for_grafana_oncall_prints_is_imported(tmp_path):
    with answering(grafana_answers()) as url:
        file = export(
            "grafana-oncall", tmp_path, ONCALL_URL=url, ONCALL_TOKEN="t", START="2026-03-23", END="2026-04-06"
        )
    found = grafana_oncall.read(document.load(file), now=NOW)
    wanted = read(grafana_oncall, grafana_export.export())
    assert (found.people, found.rosters, found.chains) == (wanted.people, wanted.rosters, wanted.chains)
    assert compared(found) == compared(wanted)


@pytest.mark.parametrize(
    ("vendor", "answers", "lost", "variables"),
    [
        ("pagerduty", pagerduty_answers, "/schedules/PS2", ("PAGERDUTY_URL", "PAGERDUTY_TOKEN")),
        ("opsgenie", opsgenie_answers, "/v2/teams/t-1", ("OPSGENIE_URL", "OPSGENIE_KEY")),
        ("grafana-oncall", grafana_answers, "/api/v1/schedules/S1/final_shifts", ("ONCALL_URL", "ONCALL_TOKEN")),
    ],
)
def test_a_call_that_fails_ends_the_script_instead_of_leaving_a_hole(tmp_path, vendor, answers, lost, variables):
    given = answers()
    del given[lost]
    with answering(given) as url, pytest.raises(subprocess.CalledProcessError):
        export(vendor, tmp_path, **dict(zip(variables, (url, "secret"), strict=True)))
