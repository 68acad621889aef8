"""The program's log: one JSON object a line, no secrets, and never in the way."""

import json
from collections.abc import Iterator

import pytest
import structlog

from assent.core.secret import Secret
from assent.system import program_log


@pytest.fixture
def configured() -> Iterator[None]:
    """The program's log, for the length of one test."""
    before = structlog.get_config()
    program_log.configure()
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("configured")
def test_a_line_is_one_json_object(capfd: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger("x").warning("odd\nthing", code="a\nb", text="\ud800")
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 1
    line = json.loads(lines[0])
    assert (line["event"], line["code"], line["level"]) == ("odd\nthing", "a\nb", "warning")


@pytest.mark.usefixtures("configured")
def test_a_traceback_shows_no_local_variables(capfd: pytest.CaptureFixture[str]) -> None:
    def fail(secret: Secret[str]) -> None:
        opened = secret.reveal()
        raise RuntimeError(f"{len(opened)} letters")

    try:
        fail(Secret("s3cret-xyzzy"))
    except RuntimeError:
        structlog.get_logger("x").exception("broke")
    text = capfd.readouterr().err
    assert "RuntimeError" in text
    assert "xyzzy" not in text


def test_a_line_that_cannot_be_written_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(program_log.os, "write", full)
    program_log.LossyLogger().msg("lost")
