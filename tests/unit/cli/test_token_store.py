"""Where a token is kept: the keyring where there is one that keeps things, else the file."""

import json
import sys
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from assent.cli import credentials, token_store
from assent.cli.credentials import Credentials
from assent.core.secret import Secret

URL = "https://assent.example"


class DictionaryKeyring(KeyringBackend):
    """Keeps what it is given."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class LockedKeyring(DictionaryKeyring):
    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("locked")


class ForgetfulKeyring(DictionaryKeyring):
    def set_password(self, service: str, username: str, password: str) -> None:
        """Take it and keep nothing."""


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> DictionaryKeyring:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    made = DictionaryKeyring()
    use(monkeypatch, made)
    return made


def use(monkeypatch: pytest.MonkeyPatch, chosen: KeyringBackend) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", chosen)


def test_a_keyring_keeps_the_token_and_the_file_does_not(
    held: DictionaryKeyring, home: Path
) -> None:
    credentials.save(Credentials(URL, Secret("t0ken"), "ana"))
    assert "t0ken" not in (home / "credentials.json").read_text()
    assert held.kept == {("assent", f"ana@{URL}"): "t0ken"}
    found = credentials.load()
    assert found is not None
    assert (found.url, found.token.reveal(), found.name) == (URL, "t0ken", "ana")
    credentials.forget()
    assert (held.kept, credentials.load()) == ({}, None)


@pytest.mark.parametrize("other", [LockedKeyring, ForgetfulKeyring])
def test_a_keyring_that_keeps_nothing_leaves_it_to_the_file(
    held: DictionaryKeyring,
    monkeypatch: pytest.MonkeyPatch,
    home: Path,
    other: type[DictionaryKeyring],
) -> None:
    use(monkeypatch, other())
    credentials.save(Credentials(URL, Secret("t0ken"), "ana"))
    kept = home / "credentials.json"
    assert json.loads(kept.read_text())["token"] == "t0ken"
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_keyring_that_lost_it_means_nobody_is_signed_in(held: DictionaryKeyring) -> None:
    credentials.save(Credentials(URL, Secret("t0ken"), "ana"))
    held.kept.clear()
    assert credentials.load() is None
    assert credentials.known_url() == URL


def test_nobody_looks_for_a_keyring_where_there_can_be_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DBUS_SESSION_BUS_ADDRESS", "PYTHON_KEYRING_BACKEND", "ASSENT_KEYRING"):
        monkeypatch.delenv(name, raising=False)
    assert not token_store.may_be_there()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/x")
    assert token_store.may_be_there()
    monkeypatch.setenv("ASSENT_KEYRING", "off")
    assert not token_store.may_be_there()
