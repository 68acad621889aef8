"""`assent doctor`: how the server is, and what to do about what is not well."""

from importlib.metadata import version
from typing import Any

from assent.cli import output
from assent.cli.client import signed_in
from assent.cli.durations import instant
from assent.cli.exit_codes import ExitCode
from assent.cli.output import AsJson

_MOST_SKEW_S = 5.0
_FAILS_FROM_S = 60.0
_MARKS = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}


def doctor(*, as_json: AsJson = False) -> int:
    """Look at the server's health; for those who may see that.

    Each line is `ok`, `WARN` or `FAIL`, and says what to do. Ends with 0 when nothing fails, also
    when there are warnings, and with 7 when something does.
    """
    before = output.now()
    answer = signed_in().get("/v1/health/detail")
    after = output.now()
    middle = before + (after - before) / 2
    at = instant(answer["at"])
    skew_s = (at - middle).total_seconds() if at else 0.0
    checks = [
        *answer["checks"],
        _clocks(skew_s, (after - before).total_seconds()),
        _versions(str(answer["version"])),
    ]
    failed = any(check["how"] == "fail" for check in checks)
    if as_json:
        output.show_json({**answer, "checks": checks, "how": _worst(checks)})
    else:
        _show(checks)
    return ExitCode.OPERATOR if failed else ExitCode.OK


def _clocks(skew_s: float, took_s: float) -> dict[str, Any]:
    """Return whether this machine's clock and the server's agree, as far as one can tell."""
    off = max(0.0, abs(skew_s) - took_s / 2)
    how = "ok" if off <= _MOST_SKEW_S else "warn" if off <= _FAILS_FROM_S else "fail"
    side = "ahead of" if skew_s > 0 else "behind"
    says = f"the server is {off:.1f} s {side} this machine" if off > 0.05 else "agree"
    to_do = "" if how == "ok" else "set both clocks by NTP: what ends on time ends by the server's"
    return {"name": "clocks", "how": how, "says": says, "to_do": to_do}


def _versions(server: str) -> dict[str, Any]:
    mine = version("assent")
    if server == mine:
        return {"name": "version", "how": "ok", "says": f"{server}, here too", "to_do": ""}
    says = f"{server}, here {mine}"
    to_do = "install the same version here as on the server"
    return {"name": "version", "how": "warn", "says": says, "to_do": to_do}


def _worst(checks: list[dict[str, Any]]) -> str:
    order = list(_MARKS)
    return max((str(check["how"]) for check in checks), key=order.index)


def _show(checks: list[dict[str, Any]]) -> None:
    width = max(len(str(check["name"])) for check in checks)
    for check in checks:
        output.say(f"{_MARKS[check['how']]}  {check['name']:<{width}}  {check['says']}")
        if check["to_do"]:
            output.say(" " * (width + 8) + f"-> {check['to_do']}")
