"""A house with severities and an administrator, and a document as a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from apps.teams.models import TeamRole, User
from tests.factories.incidents import make_procedures
from tests.factories.teams import make_person

Import = Callable[..., str]


@pytest.fixture
def admin(db: None, clock: Any) -> User:
    """Somebody who may import, in a house with the severities P0 to P3."""
    make_procedures()
    return make_person("Ada", None, TeamRole.ADMIN)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export.json"


@pytest.fixture
def run(admin: User, file: Path) -> Import:
    """Run the command of a vendor on a document; what it says on standard output."""

    def import_it(vendor: str, document: Any, *arguments: str) -> str:
        file.write_text(json.dumps(document), encoding="utf-8")
        return _called(vendor, str(file), *arguments)

    return import_it


@pytest.fixture
def write(run: Import, admin: User) -> Import:
    """As ``run``, and written."""

    def write_it(vendor: str, document: Any, *arguments: str) -> str:
        return run(vendor, document, "--apply", "--user", admin.email, *arguments)

    return write_it


def _called(vendor: str, *arguments: str) -> str:
    out = StringIO()
    call_command(f"import_{vendor}", *arguments, stdout=out)
    return out.getvalue()
