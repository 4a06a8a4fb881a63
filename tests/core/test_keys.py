"""Secrets that can be told by looking at them."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import keys


def test_a_secret_is_whole_and_found_by_its_pattern():
    secret = keys.make("adop_")
    assert keys.is_whole(secret, "ados_", "adop_")
    assert re.findall(keys.pattern("adop_"), f"token = '{secret}'\n") == [secret]


def test_the_checksum_is_the_crc_32_in_base_62():
    # CRC-32 of what comes before it is 3016228196: 3·62⁵ + 18·62⁴ + 7·62³ + 48·62² + 45·62 + 54, digits before letters.
    assert keys.is_whole("adop_" + "0" * keys.RANDOM + "3I7mjs", "adop_")


@given(place=st.integers(0, 50), other=st.sampled_from(string.ascii_letters + string.digits))
def test_one_character_that_is_mistyped_is_noticed(place, other):
    secret = keys.make("adop_")
    mistyped = secret[:place] + other + secret[place + 1 :]
    assert keys.is_whole(mistyped, "adop_") == (mistyped == secret)


@given(cut=st.integers(0, 50))
def test_one_that_is_cut_off_is_noticed(cut):
    assert not keys.is_whole(keys.make("adop_")[:cut], "adop_")


@pytest.mark.parametrize("secret", ["", "adop_", "ados_" + "0" * 46, "ä" * 51, "adop_" + "\0" * 46])
def test_what_was_made_elsewhere_is_none(secret):
    assert not keys.is_whole(secret, "adop_")


def test_the_kind_of_a_secret_cannot_be_changed_by_its_prefix():
    assert not keys.is_whole(keys.make("adop_").replace("adop_", "ados_"), "adop_", "ados_")
