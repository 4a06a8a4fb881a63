"""The contact for the phone (RFC 6350)."""

from __future__ import annotations

import pytest

from apps.desk import vcard


@pytest.fixture
def numbers(settings):
    settings.TWILIO_SMS_FROM, settings.TWILIO_VOICE_FROM = "+1 206-266-4064", "+18774484820"
    return settings


def test_it_names_every_number_and_address_that_pages_come_from(numbers, db):
    numbers.DEFAULT_FROM_EMAIL = "ADO Incidents <incidents@example.com>"
    lines = vcard.pager().split("\r\n")
    assert lines[:2] == ["BEGIN:VCARD", "VERSION:4.0"]
    assert lines[-2:] == ["END:VCARD", ""]
    assert "TEL;VALUE=uri;TYPE=text:tel:+12062664064" in lines
    assert "TEL;VALUE=uri;TYPE=voice:tel:+18774484820" in lines
    assert "EMAIL:incidents@example.com" in lines


def test_one_number_for_both_stands_once(numbers):
    numbers.TWILIO_SMS_FROM = numbers.TWILIO_VOICE_FROM
    assert vcard.pager().count("TEL;") == 1
    assert 'TYPE="text,voice":tel:+18774484820' in vcard.pager()


def test_no_line_is_longer_than_the_rule_allows_and_unfolds_to_what_was_meant(numbers):
    card = vcard.pager()
    assert all(len(line.encode()) <= 75 for line in card.split("\r\n"))
    assert "Let this contact through when the phone is silent." in card.replace("\r\n ", "")


def test_it_is_downloaded_from_the_profile(house, rita, numbers):
    answer = rita.get("/profile/pager.vcf")
    assert answer["Content-Type"] == "text/vcard; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    assert "do-not-disturb" in rita.get("/profile/").content.decode()
