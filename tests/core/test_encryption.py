"""Secrets in the database are opened by the keys of the settings, and by nothing else."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from apps.core.encryption import CannotDecrypt, concealed, decrypt, encrypt, is_concealed, newest_key_prefix


def test_what_is_encrypted_is_read_again_and_never_twice_the_same() -> None:
    once, again = encrypt("hush"), encrypt("hush")
    assert (decrypt(once), decrypt(again)) == ("hush", "hush")
    assert once != again
    assert "hush" not in once
    assert once.startswith(newest_key_prefix())


def test_an_older_key_opens_what_it_closed_and_the_newest_closes(settings) -> None:
    old = encrypt("hush")
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]
    assert decrypt(old) == "hush"
    assert encrypt("hush").partition(":")[0] != old.partition(":")[0]


def test_a_lost_key_and_a_changed_text_are_told(settings) -> None:
    stored = encrypt("hush")
    with pytest.raises(CannotDecrypt, match="not what was encrypted"):
        decrypt(stored[:-4] + "AAA=")
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CannotDecrypt, match="does not hold"):
        decrypt(stored)


@pytest.mark.parametrize("keys", [[], ["no key"]])
def test_without_a_key_nothing_is_kept(settings, keys: list[str]) -> None:
    settings.FIELD_KEYS = keys
    with pytest.raises(ImproperlyConfigured, match="FIELD_KEYS"):
        encrypt("hush")


@pytest.mark.parametrize(
    ("secret", "begins"),
    [
        ("https://cal.example/private/abc.ics", "https://cal.example/…#"),
        ("https://ann:hush@cal.example:8443/x?y=z", "https://cal.example:8443/…#"),
        ("whsec_abc", "…#"),
        ("http://[nonsense/", "…#"),
    ],
)
def test_of_a_secret_its_host_is_shown_and_a_digest(secret: str, begins: str) -> None:
    shown = concealed(secret)
    assert shown.startswith(begins)
    assert len(shown) == len(begins) + 12
    assert shown == concealed(secret) != concealed(f"{secret}x")
    assert is_concealed(shown)
    assert not is_concealed(secret)


def test_nothing_has_nothing_to_conceal() -> None:
    assert concealed("") == ""
