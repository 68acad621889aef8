"""The reference page of the command line is what the commands say of themselves."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_the_reference_page_is_current() -> None:
    ended = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "write_cli_reference.py"), "--check"], check=False
    )
    assert ended.returncode == 0, "run `python tools/write_cli_reference.py`"


def test_every_command_is_on_the_reference_page() -> None:
    from assent.cli.application import command_names

    page = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert [name for name in command_names() if f"### assent {name}\n" not in page] == []
