"""The world of the doors."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.access.world import World, build
from tests.worlds import remembered


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Nothing is written about thousands of requests: it would cost more than many of them."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def world(db: None, clock: Any, settings: Any) -> World:
    settings.SECURITY_CONTACT = ["mailto:security@example.com"]
    settings.SECURITY_EXPIRES = clock.now + timedelta(days=30)
    return remembered(("doors", clock.now), build)
