from pathlib import Path

from assent.config import parse
from assent.edges.settings_page import HIDDEN, _sections

TREE = {
    "server": {"listen": "127.0.0.1:1"},
    "vault": {"address": "https://vault.example", "token": "env:VAULT_TOKEN"},
    "notifiers": [
        {
            "name": "ops",
            "kind": "webhook",
            "url": "https://ops.example/secret-path",
            "secret": "env:OPS",
        }
    ],
    "people": [{"name": "ana", "password": "file:ana.hash"}],
}


def test_what_may_be_a_secret_is_hidden_and_references_are_named(tmp_path: Path) -> None:
    shown = {
        section.name: {one.key: (one.value, one.is_set) for one in section.settings}
        for section in _sections(parse(TREE, "assent.toml", tmp_path))
    }
    assert shown["[vault]"]["token"] == ("env:VAULT_TOKEN", True)
    assert shown["[[notifiers]] ops"]["url"] == (HIDDEN, True)
    assert shown["[[notifiers]] ops"]["secret"] == ("env:OPS", True)
    assert shown["[server]"]["listen"] == ("127.0.0.1:1", True)
    assert shown["[server]"]["data"] == ("data", False)
    assert shown["[[people]]"] == {"[[people]]": ("1 in the file", True)}
    assert "secret-path" not in str(shown)
