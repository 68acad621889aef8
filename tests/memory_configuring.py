"""Configuring and the history of decisions for tests of the doors: simple, and without a store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from assent.control.configuring import Applied, Foreseen
from assent.control.planning import Content, Difference, Plan
from assent.control.sign_in import Caller
from assent.core.canonical import Json
from assent.core.faults import ForbiddenFault, MissingFault, OperatorFault
from assent.core.policy_revision import PolicyRevision
from assent.core.resource import Target
from assent.core.role import Permission

SOURCES = {"10.cedar": '@id("a") permit (principal, action, resource);'}
AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class _Set:
    revision: str = "pol-1"


class FakeConfiguring:
    """Has one revision in force; plans one policy more, and lets `ben` apply it at once."""

    def __init__(self, targets: Sequence[Target], ask: Any) -> None:
        self._targets = targets
        self._ask = ask

    def in_force(self, caller: Caller) -> tuple[_Set, Mapping[str, str], Sequence[Target]]:
        caller.check(Permission.READ_POLICIES)
        return _Set(), SOURCES, self._targets

    async def revision(self, caller: Caller, revision: str) -> PolicyRevision:
        caller.check(Permission.READ_POLICIES)
        if revision != "pol-1":
            raise MissingFault("no-such-revision", f"no revision `{revision[:80]}` is kept")
        return PolicyRevision(revision, SOURCES, AT)

    async def plan(self, caller: Caller, content: Content) -> Foreseen:
        return Foreseen(self._plan(content), "asks", ("assent of 1 of security",))

    async def apply(
        self,
        caller: Caller,
        content: Content,
        *,
        reason: str = "",
        ticket: str = "",
        unsafe_lock_out: bool = False,
    ) -> Applied:
        if caller.subject.name == "ana":
            raise ForbiddenFault("denied", "no policy permits `policy.change`")
        plan = self._plan(content)
        if caller.subject.name == "dora":
            return Applied(plan, "waiting", await self._ask(caller))
        return Applied(plan, "applied")

    def _plan(self, content: Content) -> Plan:
        if content.policies is not None and not content.policies:
            raise OperatorFault("policy-syntax", "there is nothing in it", "10.cedar:1")
        new = Difference("policy", "b", "added", "", "permit (principal, action, resource);")
        return Plan((new,), "sha256:0", content.digest(), "pol-1", "pol-2", "+ policy `b` is added")


class FakeDecided:
    """Knows one decision."""

    async def page(
        self, caller: Caller, before: int | None, limit: int
    ) -> tuple[Sequence[Mapping[str, Json]], int | None]:
        caller.check(Permission.READ_POLICIES)
        return [{"attempt": {"index": 0}, "decision": {"index": 1}}], None
