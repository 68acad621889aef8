"""Writes the tables in docs/explanation/risk.md from the code; a test keeps them current."""

import importlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from assent.core.signal import ATTACKERS
from assent.risk import likelihood
from assent.risk.assess import HEADLINES
from assent.risk.attackers import PRIORS
from assent.risk.model import MODEL
from assent.signals import (
    SIGNALS,
    concurrent_sessions,
    credential_moved,
    declared_task,
    device_posture,
    dormant_account,
    failures,
    impossible_travel,
    network_reputation,
    new_privilege,
    people_said,
    purpose,
    security_events,
    session_so_far,
    slow_drift,
    statement_class,
    table_sensitivity,
    unverified_role,
)

PATH = Path(__file__).resolve().parent.parent / "docs" / "explanation" / "risk.md"
_PLACE = re.compile(r"<!-- (attackers|signals) -->\n.*?<!-- /\1 -->", re.DOTALL)


def attackers() -> str:
    """Return the table of the kinds of attacker in Markdown."""
    lines = ["| kind | beforehand | the headline when it explains best |", "|---|---|---|"]
    for attacker in ATTACKERS:
        odds = f"1 in {2 ** -PRIORS[attacker]:,.0f}"
        lines.append(f"| `{attacker.value}` | {odds} | {HEADLINES[attacker]} |")
    return "\n".join(lines)


def signals() -> str:
    """Return the table of signals in Markdown."""
    most = _most()
    lines = [
        "| signal | what it measures | evidence | family | says at most |",
        "|---|---|---|---|---|",
    ]
    for signal in SIGNALS:
        about = importlib.import_module(f"assent.signals.{signal.name}").__doc__ or ""
        what = about.partition("\n")[0].removesuffix(".")
        needs = ", ".join(f"`{kind}`" for kind in sorted(signal.needs)) or "the action"
        family = MODEL.families.get(signal.name, "its own")
        lines.append(f"| `{signal.name}` | {what} | {needs} | {family} | {most[signal.name]} |")
    return "\n".join(lines)


def _most() -> Mapping[str, str]:
    """Return the bounds of each signal in words, from its constants."""
    chain = _bits(likelihood.MOST_BITS, -likelihood.MOST_BITS)
    usual = likelihood.amount_bits(1e12, 1e12, 1e12, 1e12, 1e12, 1e12)
    amount = _bits(likelihood.MOST_BITS, usual)
    floor = max(device_posture.PATCHES_ANCIENT, device_posture.REPORT_ANCIENT)
    both = zip(failures.GUESSING_SHARES, failures.PROBING_SHARES, strict=True)
    probing = failures.MOST_DENIAL_BITS + failures.MOST_ERROR_BITS
    failed = max(failures.MOST_FAILURE_BITS * one + probing * other for one, other in both)
    return {
        statement_class.NAME: f"{statement_class.PERCENT} points",
        table_sensitivity.NAME: f"{table_sensitivity.PERCENT} points",
        unverified_role.NAME: f"a floor of {unverified_role.FLOOR}",
        device_posture.NAME: f"a floor of {floor}",
        security_events.NAME: _bits(security_events.MOST_BITS),
        session_so_far.NAME: _bits(session_so_far.MOST_BITS),
        impossible_travel.NAME: _bits(impossible_travel.MOST_BITS),
        credential_moved.NAME: _bits(credential_moved.OTHER_COUNTRY_BITS),
        concurrent_sessions.NAME: _bits(concurrent_sessions.OTHER_SYSTEM_BITS),
        network_reputation.NAME: _bits(network_reputation.MOST_BITS, network_reputation.ZONE_BITS),
        failures.NAME: _bits(failed),
        purpose.NAME: _bits(likelihood.MOST_BITS + purpose.NOTHING_BITS, purpose.LEAST_BITS),
        declared_task.NAME: _bits(declared_task.MOST_BITS),
        new_privilege.NAME: _bits(new_privilege.MOST_BITS),
        dormant_account.NAME: _bits(dormant_account.MOST_BITS),
        slow_drift.NAME: _bits(slow_drift.MOST_BITS),
        people_said.NAME: _bits(people_said.MOST_BITS, people_said.LEAST_BITS),
        **dict.fromkeys(_OF_CHAINS, chain),
        **dict.fromkeys(_OF_AMOUNTS, amount),
    }


_OF_CHAINS = (
    "new_network",
    "new_device",
    "new_client",
    "first_time_resource",
    "first_time_action",
    "rare_sequence",
    "off_hours",
)
_OF_AMOUNTS = ("volume", "fan_out", "pace")


def _bits(most: float, least: float = 0.0) -> str:
    return f"{most:g} bits" + (f", down to −{-least:.2g}" if least else "")


def filled(page: str) -> str:
    """Return the page with both tables in their places."""
    tables = {"attackers": attackers(), "signals": signals()}
    return _PLACE.sub(lambda at: f"<!-- {at[1]} -->\n{tables[at[1]]}\n<!-- /{at[1]} -->", page)


def main() -> int:
    """Write the page; with `--check`, only say whether it is current."""
    page = PATH.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        return 0 if page == filled(page) and signals() in page and attackers() in page else 1
    PATH.write_text(filled(page), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
