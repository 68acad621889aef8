"""Writes the table in docs/explanation/what-tampering-shows.md from the tests' attacks.

A test keeps it current.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATH = ROOT / "docs" / "explanation" / "what-tampering-shows.md"
_PLACE = re.compile(r"<!-- attacks -->\n.*?<!-- /attacks -->", re.DOTALL)
_EXITS = {0: "0 good", 1: "1 tampered", 2: "2 incomplete", 3: "3 stale", 4: "4 untrusted"}


def table() -> str:
    """Return the table of attacks in Markdown, by the check that names them."""
    sys.path.insert(0, str(ROOT / "tests"))
    from assent_verify.report import CHECKS
    from tampering.corpus import ATTACKS

    lines = [
        "| attack | who can do it | the reader has | check | exit code |",
        "|---|---|---|---|---|",
    ]
    for attack in sorted(ATTACKS, key=lambda one: one.check or len(CHECKS) + 1):
        check = f"{attack.check} {CHECKS[attack.check][0]}" if attack.check else "none can"
        words = (attack.what, attack.by, attack.reader, check, _EXITS[attack.code])
        lines.append(f"| {' | '.join(words)} |")
    return "\n".join(lines)


def write(text: str) -> str:
    """Return the page with its table written anew."""
    return _PLACE.sub(f"<!-- attacks -->\n{table()}\n<!-- /attacks -->", text)


def main() -> int:
    """Write the page; with `--check`, only say whether it is current."""
    old = PATH.read_text(encoding="utf-8")
    new = write(old)
    if "--check" in sys.argv:
        return int(old != new)
    PATH.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
