"""What is permitted at once is a request too: complete from the start, with what it led to."""

from datetime import datetime

from assent.control import entries
from assent.control.decide import Outcome
from assent.core.action import Action
from assent.core.decision import Permit
from assent.core.entry import Entry, EntryKind
from assent.core.ids import GrantId, Ids, RequestId
from assent.core.request import Request, RequestState


def settled_at_once(
    ids: Ids,
    request: RequestId,
    action: Action,
    outcome: Outcome,
    permit: Permit,
    now: datetime,
    *,
    grant: GrantId | None,
    reason: str,
    ticket: str = "",
    because: str = "",
) -> tuple[Request, Entry]:
    """Return the completed request of an action that was permitted at once, and its entry.

    because: why, in words; which policies permitted it where nothing more is known.
    """
    settled = Request(
        id=request,
        action=action,
        action_digest=action.digest(),
        assessment=outcome.assessment,
        remedies=(),
        messages=(),
        denied_by=(),
        revision=permit.revision,
        state=RequestState.COMPLETED,
        created_at=now,
        deadline_at=now,
        changed_at=now,
        reason=reason,
        ticket=ticket,
        ticket_said=outcome.evidence.ticket_said,
        outcome=because or "permitted at once by " + ", ".join(permit.permitted_by),
        grant=grant,
    )
    entry = entries.of_request(ids, EntryKind.REQUEST_SETTLED, settled, now, decision=outcome.entry)
    return settled, entry
