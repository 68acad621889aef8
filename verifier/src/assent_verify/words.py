"""A report, for people and for programs."""

from typing import Any

from assent_verify.report import ExitCode, Report

_VERDICTS = {
    ExitCode.GOOD: "good: {} what was signed",
    ExitCode.TAMPERED: "tampered: this is not what was signed, or a rule was broken",
    ExitCode.INCOMPLETE: "incomplete: something is missing or still open",
    ExitCode.STALE: "stale: nobody outside has seen the log for too long",
    ExitCode.UNTRUSTED_KEY: "untrusted: nobody you trust has signed this",
}


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as a JSON object; its keys never change their meaning."""
    return {
        "good": report.exit_code is ExitCode.GOOD,
        "exit_code": int(report.exit_code),
        "origin": report.origin,
        "size": report.size,
        "root": report.root.hex(),
        "entries": report.entries,
        "witnessed": report.witnessed,
        "checks": [
            {
                "number": check.number,
                "name": check.name,
                "source": check.source,
                "status": check.status.value,
                "details": list(check.details),
                "entries": [{"index": one.index, "id": one.id} for one in check.entries],
            }
            for check in report.checks
        ],
        "evidence": [{"place": place, "note": note} for place, note in report.evidence],
    }


def as_text(report: Report) -> str:
    """Return the report as lines of text."""
    lines: list[str] = []
    for check in report.checks:
        lines.append(f"{check.number} {check.name}: {check.status.value} ({check.source})")
        lines += [f"    {_printable(detail)}" for detail in check.details]
    for place, note in report.evidence:
        lines += [
            "",
            f"evidence, {place}:",
            *(f"    {_printable(line)}" for line in note.split("\n")),
        ]
    entries = "1 entry is" if report.entries == 1 else f"{report.entries} entries are"
    return "\n".join([*lines, "", _VERDICTS[report.exit_code].format(entries)])


def _printable(text: str) -> str:
    # What an export says must not steer the reader's terminal.
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)
