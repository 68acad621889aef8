"""A client certificate is shown, and one that is none is not told of by its text."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assent.core.faults import OperatorFault
from assent.core.secret import Secret
from assent.gateway.certificates import ensure_development_certificate
from assent.gateway.client_certificates import show

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_a_certificate_with_its_key_is_taken(tmp_path: Path) -> None:
    made = ensure_development_certificate(tmp_path, ["localhost"], NOW)
    show(ssl.create_default_context(), Secret(made.read_bytes()), "target `api`")


@pytest.mark.parametrize("made", [b"", b"no certificate", b"-----BEGIN PRIVATE KEY-----\nx\n"])
def test_what_is_none_is_not_shown(made: bytes) -> None:
    with pytest.raises(OperatorFault, match="target `api`: what `password` refers to") as caught:
        show(ssl.create_default_context(), Secret(made), "target `api`")
    assert caught.value.__cause__ is None


def test_no_file_of_a_certificate_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ensure_development_certificate(tmp_path, ["localhost"], NOW).read_bytes()
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.delattr("os.memfd_create", raising=False)
    show(ssl.create_default_context(), Secret(made), "target `api`")
    assert list(folder.iterdir()) == []
