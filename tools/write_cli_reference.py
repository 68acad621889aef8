"""Writes docs/reference/cli.md from the commands themselves; a test keeps it current."""

import sys
from pathlib import Path

from assent.cli.application import build
from assent.cli.exit_codes import MEANINGS, VERIFY_MEANINGS

PATH = Path(__file__).resolve().parent.parent / "docs" / "reference" / "cli.md"

_HEAD = """\
# The command line

Written by `tools/write_cli_reference.py`; do not edit.

Every command that answers something takes `--json` and then prints JSON of the
[HTTP API](http-api.md)'s shapes; an error is then JSON on stderr as well. Times are in your zone.
`NO_COLOR` is obeyed.

| variable | meaning |
|---|---|
| `ASSENT_HOME` | where `login` keeps the token; `~/.config/assent` without it |
| `ASSENT_URL` | the server to talk to, instead of the one signed in to |
| `ASSENT_TOKEN` | a bearer token, instead of the one that `login` kept |

## Exit codes

"""


def text() -> str:
    """Return the reference in Markdown."""
    lines = [_HEAD + "| code | meaning |\n|---|---|"]
    lines += [f"| {int(code)} | {meaning} |" for code, meaning in MEANINGS.items()]
    lines += ["\n`assent audit verify` has a table of its own:\n", "| code | meaning |\n|---|---|"]
    lines += [f"| {code} | {meaning} |" for code, meaning in VERIFY_MEANINGS.items()]
    # The generator writes a heading and a list of all commands of its own; ours stay above it.
    body = build().generate_docs(output_format="markdown", heading_level=2)
    return "\n".join(lines) + "\n\n" + "\n".join(map(str.rstrip, body.splitlines())) + "\n"


def main() -> int:
    """Write the file; with `--check`, only say whether it is current."""
    if "--check" in sys.argv:
        return 0 if PATH.read_text(encoding="utf-8") == text() else 1
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
