"""Programs are asked one by one; one that is not there, or fails, is one that says nothing."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assent.identity.posture.collect import collect, read, run

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_a_program_that_is_not_there_or_fails_says_nothing() -> None:
    assert run(("no-such-program-of-ours",)) is None
    assert run((sys.executable, "-c", "print('x'); raise SystemExit(1)")) is None
    assert run((sys.executable, "-c", "pass")) is None


def test_a_program_that_says_it_on_the_other_stream_is_heard() -> None:
    words = "import sys; sys.stderr.write('said')"
    assert run((sys.executable, "-c", words)) == "said"
    both = "import sys; sys.stderr.write('a warning'); print('[]')"
    assert run((sys.executable, "-c", both)) == "[]\n"


def test_of_a_long_file_its_end_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assent.identity.posture.collect._LARGEST", 4)
    (tmp_path / "log").write_text("first last")
    assert read(str(tmp_path / "log")) == "last"
    assert read(str(tmp_path / "none")) is None


def test_a_system_that_we_know_nothing_of_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assent.identity.posture.collect.run", lambda _: None)
    found = collect(NOW, "plan9")
    assert found.device.disk_encrypted is None
    assert found.whys["firewall"] == "nothing is known of how `plan9` says it"
