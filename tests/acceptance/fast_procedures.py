"""The procedures of ADO with a chain that takes half a minute in place of four hours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.acceptance.living import LivingHouse

FILE = Path(__file__).resolve().parents[2] / "procedures" / "ado.yml"


@contextmanager
def chain_of_p0_after(living: LivingHouse, folder: Path, *seconds: int) -> Iterator[None]:
    """Put a copy in force in which the levels of P0 are due after so many seconds; afterwards the file as it stands."""
    yaml = YAML()
    document: dict[str, Any] = yaml.load(FILE)
    for level, after in zip(document["escalation"]["P0"], seconds, strict=True):
        level["after"] = f"{after}s"
    copy = folder / "fast.yml"
    with copy.open("w", encoding="utf-8") as file:
        yaml.dump(document, file)
    living.house.manage("procedures", "apply", str(copy), "--force")
    yield
    living.house.manage("procedures", "apply", str(FILE), "--force")
