"""What was found out about a machine, and why something was not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias

from assent.core.device import Device

Run: TypeAlias = Callable[[Sequence[str]], str | None]
"""Runs a program and returns all that it said; None where it is not there or failed."""
Read: TypeAlias = Callable[[str], str | None]
"""Returns the text of a file; None where it cannot be read."""


@dataclass(frozen=True, slots=True)
class Posture:
    """What is known of a machine. source: what was asked. whys: field → why it is not known."""

    source: str
    device: Device
    whys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing found out. value: None where it cannot be known, and then `why`."""

    value: Any
    why: str = ""


def posture_of(source: str, at: datetime, facts: Mapping[str, Fact]) -> Posture:
    """Return the facts as a device that says them at that time."""
    known = {name: fact.value for name, fact in facts.items() if fact.value is not None}
    whys = {name: fact.why for name, fact in facts.items() if fact.value is None}
    return Posture(source, replace(Device("", reported_at=at), **known), whys)


def days_between(then: datetime | None, now: datetime, what: str) -> Fact:
    """Return how many days ago that was. what: where it was looked for."""
    if then is None:
        return Fact(None, f"{what} names no update")
    return Fact(max(0, (now - then).days))
