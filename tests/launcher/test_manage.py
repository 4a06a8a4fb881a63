"""``manage.py``: a failure says why, and exits with 1 whatever it was."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands

import manage

PROJECT = Path(__file__).resolve().parents[2]
VERBS = sorted(name for name, app in get_commands().items() if str(app).startswith("apps."))


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command as a shell runs it."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=os.environ | variables,
    )


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_is_called_wrongly_says_how_and_exits_with_1(
    verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_ROLE", "application")
    monkeypatch.setattr(sys, "argv", ["manage.py", verb, "--no-such-option"])
    with pytest.raises(SystemExit) as ended:
        manage.main()
    assert ended.value.code == 1
    assert f"manage.py {verb}: error: " in capsys.readouterr().err


def test_the_shell_sees_the_1_and_the_reason() -> None:
    done = run("create_integration", "--team", "platform", "--name", "Ours", "--format", "carrier_pigeon")
    assert done.returncode == 1
    assert "invalid choice: 'carrier_pigeon'" in done.stderr


def test_help_is_no_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["manage.py", "simulate", "--help"])
    with pytest.raises(SystemExit) as ended:
        manage.main()
    assert ended.value.code == 0
    assert "--severity" in capsys.readouterr().out


@pytest.mark.processes
def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    done = run(
        *("create_token", "--user", "olga@example.com", "--name", "laptop"),
        DATABASE_URL="postgresql://olga:very-secret@127.0.0.1:1/ado",
    )
    assert done.returncode == 1
    assert done.stderr.startswith("The database at 127.0.0.1:1/ado cannot be reached: ")
    assert "very-secret" not in done.stderr
    assert "Traceback" not in done.stderr
