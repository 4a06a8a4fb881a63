"""``manage.py audit``: what it prints, and how it ends."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.audit import heads
from apps.audit.models import Seal
from apps.incidents.models import Incident
from tests.audit.conftest import Tamper, note

pytestmark = pytest.mark.django_db(transaction=True)


def audit(*arguments: str) -> str:
    out = StringIO()
    call_command("audit", *arguments, stdout=out)
    return out.getvalue()


def fails(*arguments: str) -> tuple[str, str]:
    out = StringIO()
    with pytest.raises(CommandError) as failure:
        call_command("audit", *arguments, stdout=out)
    return out.getvalue(), str(failure.value)


def test_it_says_that_everything_fits_and_names_the_head(sealed: Incident) -> None:
    said = audit("verify")
    assert "rows under 2 seals were compared" in said
    assert f"The head of the chain: {Seal.objects.get(number=2).digest}:2" in said


def test_it_names_the_first_thing_that_does_not_fit_and_fails(sealed: Incident, superuser: Tamper) -> None:
    superuser("UPDATE incidents_timelineevent SET text = 'Too' WHERE text = 'Two'")
    printed, said = fails("verify")
    assert "was changed: it is not what seal 1 has." in printed
    assert said == "The record does not fit its seals."


def test_its_json_says_the_same(sealed: Incident, superuser: Tamper) -> None:
    told = json.loads(audit("verify", "--json"))
    assert (told["fits"], told["findings"], told["seals"]) == (True, [], 2)
    event = note("Two")
    superuser("DELETE FROM incidents_timelineevent WHERE id = %s", event.pk)
    printed, _ = fails("verify", "--json", "--all")
    (finding,) = json.loads(printed)["findings"]
    assert (finding["kind"], finding["row"]) == ("deleted", event.pk)


def test_a_head_that_was_kept_is_looked_for(sealed: Incident) -> None:
    kept = Seal.objects.get(number=1).digest
    assert "The head of the chain" in audit("verify", "--head", f"{kept}:1", "--head", kept)
    printed, _ = fails("verify", "--head", "0" * 64)
    assert f"The head {'0' * 64} that was kept is not in the chain" in printed


@pytest.mark.parametrize("text", ["", "abc", "0" * 63, "0" * 64 + ":", "0" * 64 + ":x", "g" * 64])
def test_what_is_no_head_is_refused(transactional_db: None, text: str) -> None:
    assert "is no head" in fails("verify", "--head", text)[1]


def test_the_file_of_heads_is_read_as_it_was_written(sealed: Incident, tmp_path: Path, settings: Any) -> None:
    settings.AUDIT_HEADS_FILE = str(tmp_path / "heads")
    for _ in range(2):
        heads.send("file", 0)
    assert "The head of the chain" in audit("verify", "--heads", settings.AUDIT_HEADS_FILE)
    with Path(settings.AUDIT_HEADS_FILE).open("a") as file:
        file.write(f"1 {'0' * 64} 2026-03-02T10:00:00+00:00\n")
    assert "is not in the chain as number 1" in fails("verify", "--heads", settings.AUDIT_HEADS_FILE)[0]
    (tmp_path / "heads").write_text("nonsense\n")
    assert "line 1 is no head" in fails("verify", "--heads", settings.AUDIT_HEADS_FILE)[1]
    assert "cannot be read" in fails("verify", "--heads", str(tmp_path / "none"))[1]


def test_it_seals_at_once(incident: Incident) -> None:
    assert audit("seal").startswith("1 ")
    assert audit("seal") == "Nothing is new.\n"
