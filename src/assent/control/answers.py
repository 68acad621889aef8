"""What people's answers to requests say of the next one like them."""

from collections import Counter
from collections.abc import Sequence

from assent.control.directory import Directory
from assent.core.action import Action
from assent.core.ids import SubjectId
from assent.core.ports import Store
from assent.core.request import RejectedAs, Request, RequestState, Verdict
from assent.risk.feedback import Feedback

_MOST_READ = 5_000
_APPROVED_SHARE = 0.3
"""An approval says less than a rejection: it may be given without a look."""

_MANY = 20

_SETTLED = (
    RequestState.COMPLETED,
    RequestState.REJECTED,
    RequestState.OUTCOME_UNKNOWN,
    RequestState.INTERRUPTED,
)


class Answers:
    """Counts how requests were answered, by what they ask for, on what, for whom."""

    def __init__(self, store: Store, directory: Directory) -> None:
        self._store = store
        self._directory = directory
        self._begin()

    def _begin(self) -> None:
        self._feedback = Feedback()
        # How many requests were answered, by verb and target; of each person, how they answered.
        self._counts: Counter[tuple[str, str]] = Counter()
        self._approved: Counter[SubjectId] = Counter()
        self._rejected: Counter[SubjectId] = Counter()

    async def recover(self) -> None:
        """Take up what people answered before."""
        settled = await self._store.requests(_SETTLED, limit=_MOST_READ)
        # What was settled in this process already is among them, and counts once.
        self._begin()
        for request in reversed(settled):
            self._answered(request)

    async def changed(self, request: Request) -> None:
        """Count the answers of a request once it is settled."""
        if request.state in _SETTLED:
            self._answered(request)

    def _answered(self, request: Request) -> None:
        """Count the answers of a request that was settled; one nobody answered is none."""
        verdicts = {approval.verdict for approval in request.approvals}
        if not verdicts:
            return
        refused = Verdict.REJECT in verdicts
        suspicious = any(
            approval.rejected_as is RejectedAs.SUSPICIOUS for approval in request.approvals
        )
        if refused:
            weight = 2.0 if suspicious else 1.0
        else:
            weight = max(self._worth(approval.approver) for approval in request.approvals)
        self._feedback.learn(self._values(request.action), refused=refused, weight=weight)
        self._counts[_kind(request.action)] += 1
        for approval in request.approvals:
            is_rejection = approval.verdict is Verdict.REJECT
            (self._rejected if is_rejection else self._approved)[approval.approver] += 1

    def of(self, action: Action) -> tuple[int, int]:
        """Return what they say of an action, in thousandths of a bit, and how many of its kind.

        Of a kind are requests of one verb on one target.
        """
        count = self._counts[_kind(action)]
        if not count:
            return 0, 0
        return round(1000 * self._feedback.bits(self._values(action))), count

    def _worth(self, approver: SubjectId) -> float:
        """Return what an approval says: less from somebody who has never said no."""
        says_always_yes = self._approved[approver] >= _MANY and not self._rejected[approver]
        return _APPROVED_SHARE / 2 if says_always_yes else _APPROVED_SHARE

    def _values(self, action: Action) -> Sequence[tuple[str, str]]:
        groups = sorted(self._directory.subject(action.subject).groups)
        touch = action.touches[0] if action.touches else None
        return (
            ("verb", action.verb),
            ("target", action.target or ""),
            ("resource", touch.resource.name if touch else ""),
            ("groups", " ".join(groups)),
            ("subject", action.subject),
        )


def _kind(action: Action) -> tuple[str, str]:
    return (action.verb, action.target or "")
