"""What the gateway says to a client on a terminal, and what it says of something refused."""

from collections.abc import Sequence

from assent.core.plugins import RefusalKind, Refused

_MOST_LINES = 20
_LONGEST = 400

EXIT_REFUSED = 126
"""As shells end for what was found and may not be run."""
EXIT_WITHDRAWN = 130
EXIT_UNAVAILABLE = 255


def shown(lines: Sequence[str], *, terminal: bool) -> bytes:
    """Return lines for standard error. terminal: it does not return the carriage by itself."""
    end = "\r\n" if terminal else "\n"
    kept = [one for line in lines[:_MOST_LINES] for one in line.splitlines()[:_MOST_LINES]]
    return "".join(f"assent: {_printable(line)}{end}" for line in kept).encode()


def refusal_lines(refused: Refused) -> list[str]:
    """Return why, what would make it a yes, and where it can be looked up."""
    lines = [refused.message, refused.detail, refused.hint]
    if refused.request and refused.request not in "".join(lines):
        lines.append(f"request {refused.request}")
    return [line for line in lines if line]


def exit_code(refused: Refused) -> int:
    """Return how something that was refused ends."""
    if refused.kind is RefusalKind.WITHDRAWN:
        return EXIT_WITHDRAWN
    return EXIT_UNAVAILABLE if refused.kind is RefusalKind.UNAVAILABLE else EXIT_REFUSED


def _printable(line: str) -> str:
    """Return the line without what a terminal would obey."""
    return "".join(each if each.isprintable() else "�" for each in line[:_LONGEST])
