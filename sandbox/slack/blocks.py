"""Block Kit: what the sandbox shows of it, and whether Slack would take it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from typing import Any

from sandbox.reading import links_of

Block = dict[str, Any]
KNOWN = ("header", "section", "context", "actions", "divider")
MOST = 50
LONGEST_SECTION = 3000
LONGEST_HEADER = 150
_LINK = re.compile(r"<(https?://[^|>\s]+|mailto:[^|>\s]+)(?:\|([^>]*))?>")
_STYLES = (("*", "strong"), ("_", "em"), ("~", "s"), ("`", "code"))


def valid(blocks: object) -> bool:
    """Whether ``blocks`` keep the rules of Block Kit that a sender can break by accident: kinds, lengths, numbers."""
    return isinstance(blocks, list) and len(blocks) <= MOST and all(_valid(block) for block in blocks)


def _valid(block: object) -> bool:
    if not isinstance(block, dict) or block.get("type") not in KNOWN:
        return False
    fields, elements = block.get("fields", []), block.get("elements", [])
    if not (isinstance(fields, list) and isinstance(elements, list)):
        return False
    match block["type"]:
        case "header":
            return _is_text(block.get("text"), LONGEST_HEADER) and block["text"]["type"] == "plain_text"
        case "section":
            parts = [block["text"], *fields] if "text" in block else fields
            beside = "accessory" not in block or _is_button(block["accessory"])
            return beside and 0 < len(parts) <= 11 and all(_is_text(part, LONGEST_SECTION) for part in parts)
        case "context":
            return 0 < len(elements) <= 10 and all(_is_text(each, LONGEST_SECTION) for each in elements)
        case "actions":
            return 0 < len(elements) <= 25 and all(_is_button(each) for each in elements)
    return True


def _is_text(text: object, longest: int) -> bool:
    if not isinstance(text, dict) or text.get("type") not in ("mrkdwn", "plain_text"):
        return False
    return isinstance(text.get("text"), str) and 0 < len(text["text"]) <= longest


def _is_button(element: object) -> bool:
    if not isinstance(element, dict) or element.get("type") != "button":
        return False
    return _is_text(element.get("text"), 75) and len(str(element.get("value", ""))) <= 2000


def headline(blocks: Sequence[Block]) -> str:
    """The text of the first header, empty without one."""
    return next((_unescaped(block["text"]["text"]) for block in blocks if block["type"] == "header"), "")


def plain(blocks: Sequence[Block]) -> str:
    """What the blocks say, a line each, without buttons."""
    return "\n".join(_LINK.sub(lambda link: link[2] or link[1], text) for text in map(_unescaped, texts(blocks)))


def links(blocks: Sequence[Block], text: str) -> tuple[str, ...]:
    """Every address in text, blocks and buttons, each once."""
    found = [link for each in (text, *texts(blocks)) for link in _addresses(_unescaped(each))]
    return tuple(dict.fromkeys([*found, *(button["url"] for button in buttons(blocks) if button.get("url"))]))


def buttons(blocks: Sequence[Block]) -> Iterator[Block]:
    """The buttons of all rows of actions and beside sections, with the ``block_id`` of their block."""
    for number, block in enumerate(blocks):
        elements = block.get("elements", []) if block["type"] == "actions" else [block.get("accessory")]
        for element in elements:
            if element and element.get("type") == "button":
                yield {"block_id": block.get("block_id", f"b{number}"), **element}


def as_html(mrkdwn: str) -> str:
    """Slack's markup as HTML that is safe to show, whatever it says."""
    pieces, end = [], 0
    for link in _LINK.finditer(mrkdwn):
        address, label = html.escape(_unescaped(link[1])), html.escape(_unescaped(link[2] or link[1]))
        pieces += [_styled(mrkdwn[end : link.start()]), f'<a href="{address}">{label}</a>']
        end = link.end()
    return "".join([*pieces, _styled(mrkdwn[end:])]).replace("\n", "<br>")


def _styled(text: str) -> str:
    text = html.escape(_unescaped(text))
    for sign, tag in _STYLES:
        mark = re.escape(sign)
        text = re.sub(rf"(?<!\w){mark}(?=\S)([^{mark}\n]+?)(?<=\S){mark}(?!\w)", rf"<{tag}>\1</{tag}>", text)
    return text


def texts(blocks: Sequence[Block]) -> Iterator[str]:
    """Every text of headers, sections and contexts as it was sent, in Slack's markup."""
    for block in blocks:
        candidates = [block.get("text"), *block.get("fields", [])]
        if block["type"] == "context":
            candidates += block["elements"]
        yield from (each["text"] for each in candidates if isinstance(each, dict) and isinstance(each.get("text"), str))


def _addresses(text: str) -> list[str]:
    return [*(link[1] for link in _LINK.finditer(text)), *links_of(_LINK.sub(" ", text))]


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
