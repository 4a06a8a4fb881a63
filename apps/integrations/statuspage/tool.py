"""An incident on Atlassian Statuspage: what was published of it, and nothing that was not (R25, R33)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from typing import Any

from apps.core import http
from apps.core.errors import ProviderError
from apps.incidents.models import EventKind
from apps.integrations.statuspage.client import Posted, StatuspageClient
from apps.integrations.tools import Brief, Made, News, Notice, Provider, Setting, StepKind, pairs, register

API = "https://api.statuspage.io"
_EXAMPLE = "api=8kbf7d35c070, web=vtnh60py4yd7"
_ID = re.compile(r"[A-Za-z0-9]{1,32}")


class PublishedIncident:
    """It is made of notices alone. Its metadata has the incident's mark, and which notice it was told last."""

    def __init__(self, client: StatuspageClient, components: Mapping[str, str]) -> None:
        self._client = client
        self._components = components

    def find(self, brief: Brief) -> Made | None:
        """The incident with our mark, among the latest."""
        ours = (each for each in self._client.latest() if each.mark == brief.mark)
        found = next(ours, None)
        return _made(found) if found else None

    def make(self, brief: Brief, *, key: str) -> Made:
        """Publish it as it stands now. Raises ProviderError where nothing was published."""
        notice = _last(brief)
        return _made(self._client.create(self._told(notice, brief), mark=brief.mark, last=notice.key))

    def follow(self, made: Made, brief: Brief, news: News) -> None:
        """Add what was published then, unless it is there already."""
        published = news.data.get("published")
        notice = next((each for each in brief.notices if each.key == published), None)
        if notice is not None and self._client.incident(made.ref).last < notice.key:
            self._client.change(made.ref, self._told(notice, brief), mark=brief.mark, last=notice.key)

    def end(self, made: Made, brief: Brief) -> None:
        """Delete it: nobody outside is to read of it any more. Its components are as bad as what else affects them.

        What is gone there is ended.
        """
        for component, status in self._affected(brief).items():
            _unless_gone(partial(self._client.set_component, component, status))
        _unless_gone(partial(self._client.delete, made.ref))

    def check(self) -> str:
        """Which page it is. Raises ProviderError for a component that it does not have."""
        name = self._client.name()
        if unknown := sorted(set(self._components.values()) - self._client.components()):
            raise ProviderError(f"The page {name} has no component {unknown[0]}.", permanent=True)
        return f"The page is {name}."

    def _affected(self, brief: Brief) -> dict[str, str]:
        """How each component there is that any notice named: one that a later notice drops is well again there too."""
        return {self._components[slug]: status for slug, status in brief.components.items() if slug in self._components}

    def _told(self, notice: Notice, brief: Brief) -> dict[str, Any]:
        affected = self._affected(brief)
        return {
            "name": notice.name,
            "status": notice.status,
            "impact_override": notice.impact,
            "body": notice.message,
            "component_ids": sorted(affected),
            "components": affected,
        }


def _last(brief: Brief) -> Notice:
    if not brief.notices:
        raise ProviderError("Nothing of it is published.", permanent=True)
    return brief.notices[-1]


def _unless_gone(call: Callable[[], None]) -> None:
    try:
        call()
    except http.Refused as error:
        if error.reply.status != HTTPStatus.NOT_FOUND:
            raise


def _made(posted: Posted) -> Made:
    return Made(ref=posted.ref, label="Statuspage incident", url=posted.url)


@contextmanager
def opened(told: Mapping[str, str]) -> Iterator[PublishedIncident]:
    """Reach one page with an API key. Raises ProviderError for what cannot be told to it."""
    page, components = told["page"].strip(), pairs(told.get("components", ""), example=_EXAMPLE)
    if not _ID.fullmatch(page):
        raise ProviderError(f"{page!r} is no id of a page.", permanent=True)
    with http.client(told.get("url") or API, public_only=True) as client:
        yield PublishedIncident(StatuspageClient(client, page=page, key=told["key"]), components)


register(
    Provider(
        key="statuspage",
        label="Atlassian Statuspage",
        makes=StepKind.STATUS_PAGE,
        settings=(
            Setting("page", "Page ID", help_text="As in the address of the page's settings."),
            Setting("key", "API key", secret=True),
            Setting(
                "components", "Components", required=False,
                help_text=f"The component there of each service here, as {_EXAMPLE}.",
            ),
            Setting("url", "Address", address=True, leads=True, required=False, help_text=f"Empty: {API}."),
        ),
        opened=opened,
        follows=frozenset({EventKind.PUBLISHED}),
    )
)  # fmt: skip
