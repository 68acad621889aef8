"""What was done to a statement and its result because its permit obliged to it."""

from collections.abc import Mapping
from dataclasses import dataclass

from assent.core.action import Action
from assent.core.canonical import Json
from assent.core.decision import Permit
from assent.core.enforcement import Enforcement, MaskHow
from assent.core.flows import Flows
from assent.core.ids import ActionId
from assent.core.plugins import Exceed

DONE = frozenset(
    {"mask", "max_bytes", "max_rows", "read_only", "record", "record_results", "statement_timeout"}
)
"""The obligations that are kept while a statement runs; others bind grants and decisions."""

_MOST = 1_000


@dataclass(slots=True)
class Kept:
    """What was kept of one statement.

    names: of its obligations. masked_columns: how many columns of its result are masked, all
    values of each; None where that could not be told. stopped: where its result was ended.
    """

    names: tuple[str, ...]
    masked_columns: int | None = None
    stopped: Exceed | None = None

    def facts(self) -> dict[str, Json]:
        """Return it as a fact of the entry of the result."""
        said: dict[str, Json] = {"kept": list(self.names)}
        if self.masked_columns is not None:
            said["masked_columns"] = self.masked_columns
        if self.stopped is not None:
            said["stopped_at"] = self.stopped.limit
            said["passed_rows"] = self.stopped.passed_rows
            said["passed_bytes"] = self.stopped.passed_bytes
        return {"obligations": said}


class Keeping:
    """What is kept of the statements of one session that are under way, by action."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[ActionId, Kept] = {}

    def begin(
        self, action: Action, permit: Permit, enforcement: Enforcement | None, within: str = ""
    ) -> None:
        """Remember what this permit obliges to while the action runs.

        within: what names of the session's database begin with in the action, and not in masks.
        """
        names = {item.name for item in permit.obligations if item.name in DONE}
        if enforcement is not None:
            names.update(limit.name for limit in enforcement.limits)
        if not names:
            return
        masked = None
        if enforcement is not None and (enforcement.masks or enforcement.scan):
            masked = _masked(action.statement.flows, enforcement, within)
        self._kept[action.id] = Kept(tuple(sorted(names)), masked)
        if len(self._kept) > _MOST:
            # Permitted and never run, such as the ends of a pipeline that broke.
            del self._kept[next(iter(self._kept))]

    def stop(self, action: ActionId, question: Exceed) -> None:
        """Remember that no more of its result than this was let through."""
        kept = self._kept.setdefault(action, Kept((question.limit,)))
        kept.stopped = question

    def end(self, action: ActionId) -> dict[str, Json]:
        """Return the facts of what was kept, and forget them."""
        kept = self._kept.pop(action, None)
        return {} if kept is None else kept.facts()


def _masked(flows: Flows | None, enforcement: Enforcement, within: str) -> int | None:
    # What is found by its look is masked value by value, and not counted.
    if flows is None or flows.outputs is None or enforcement.scan:
        return None
    masked = enforcement.masks
    return sum(
        any(_covers(masked, column.removeprefix(within)) for column in output)
        for output in flows.outputs
    )


def _covers(masked: Mapping[str, MaskHow], column: str) -> bool:
    if column.endswith(".*"):
        return any(name.startswith(column[:-1]) for name in masked)
    return column in masked
