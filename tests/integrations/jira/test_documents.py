"""Texts as Jira keeps them."""

from __future__ import annotations

import pytest

from apps.integrations.jira import documents
from sandbox.jira.documents import is_document, plain


@pytest.mark.parametrize(
    ("text", "blocks", "read"),
    [
        ("One", 1, "One"),
        ("One\nline\n\n\nTwo\r\n\r\nThree", 3, "One\nline\nTwo\nThree"),
        ("\n\nOne\n", 1, "One"),
        ("One\n\n \n\nTwo", 2, "One\nTwo"),
        ("", 0, ""),
        (" \n ", 0, ""),
    ],
)
def test_what_people_typed_becomes_paragraphs_and_lines_that_jira_takes(text, blocks, read):
    document = documents.document(documents.paragraphs(text))
    assert is_document(document)
    assert (len(document["content"]), plain(document)) == (blocks, read)


def test_a_text_that_is_longer_than_jira_takes_is_cut():
    (block,) = documents.paragraphs("x" * 40_000)
    assert len(block["content"][0]["text"]) == documents.LONGEST


def test_of_facts_those_that_are_known_are_told():
    (block,) = documents.facts([("Severity", "P0"), ("Services", ""), ("Team", "Platform")])
    assert plain(documents.document([block])) == "Severity: P0\nTeam: Platform"
    assert documents.facts([("Services", "")]) == []
