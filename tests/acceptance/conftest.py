"""One running house for all acceptance tests: it takes a while to come up, and every test leaves it at work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.living import LivingHouse
from tests.launcher.conftest import folder_for_everybody
from tests.launcher.houses import House

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def fresh() -> Iterator[LivingHouse]:
    """The product with its demo, as ``make run`` starts it on a fresh machine; asked to end, it ends completely."""
    with folder_for_everybody() as folder:
        house = House(PROJECT, folder / "data")
        try:
            living = LivingHouse(house)
            yield living
            living.end()
        finally:
            house.end()


@pytest.fixture(scope="session")
def living(fresh: LivingHouse) -> LivingHouse:
    """The same house at work."""
    fresh.rehearse()
    return fresh
