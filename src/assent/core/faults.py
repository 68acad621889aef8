"""Faults, named by who must act. Denial is a value (`core.decision`); these are for faults.

`detail` may be shown to anybody who caused it: lower case, no full stop, outside input in
backticks, never a secret. The cause (`raise … from`) may not be shown.
"""


class Fault(Exception):
    """Something went wrong; `code` is a stable kebab-case name, `detail` may be shown."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class PeerFault(Fault):
    """A client or a target broke its protocol or a limit: close that conversation."""


class OperatorFault(Fault):
    """Configuration, policy or schema is wrong: do not start, do not accept the change.

    `place` says where (`file:line` or `file:key`), empty when there is no such place.
    """

    def __init__(self, code: str, detail: str, place: str = "") -> None:
        super().__init__(code, f"{place}: {detail}" if place else detail)
        self.place = place


class OutsideFault(Fault):
    """Something we depend on is away or slow: deny, retry with back-off, count it."""


class ConflictFault(Fault):
    """What was asked no longer fits the state it would change: somebody was faster."""


class MissingFault(Fault):
    """What was named does not exist, or is not this person's to see."""


class ForbiddenFault(Fault):
    """The person is known, and may not do this; `detail` says who may."""


class TooManyFault(ForbiddenFault):
    """Too much was tried; `retry_after_s` says in how many seconds it can be tried again."""

    def __init__(self, detail: str, retry_after_s: int) -> None:
        super().__init__("too-many-attempts", detail)
        self.retry_after_s = retry_after_s
