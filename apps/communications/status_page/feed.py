"""The history of the status page as an Atom feed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import linebreaks

from apps.communications.models import Publication
from apps.communications.status_page import queries
from apps.communications.status_page.documents import address


class History(Feed):  # type: ignore[type-arg]  # the class takes no parameters at run time
    """The latest incidents, each an entry that changes with every update."""

    feed_type = Atom1Feed

    def title(self) -> str:
        return f"{settings.STATUS_PAGE_NAME} status"

    def link(self) -> str:
        return address("status_page")

    def feed_url(self) -> str:
        return address("status_feed")

    def items(self) -> Iterable[Publication]:
        return queries.listed()

    def item_title(self, item: Any) -> str:
        return str(item.name)

    def item_description(self, item: Any) -> str:
        """HTML, as readers of feeds show it; what people wrote in it is text."""
        told = "\n\n".join(
            f"{each.get_status_display()}, {each.at:%Y-%m-%d %H:%M} UTC: {each.update.message}"
            for each in item.updates.all()
        )
        return linebreaks(told, autoescape=True)

    def item_link(self, item: Any) -> str:
        return address("status_incident", item.code)

    def item_guid(self, item: Any) -> str:
        return self.item_link(item)

    def item_pubdate(self, item: Any) -> datetime:
        return item.published_at  # type: ignore[no-any-return]

    def item_updateddate(self, item: Any) -> datetime:
        return item.changed_at  # type: ignore[no-any-return]
