"""What clients that come and go were told to wait for, so that they hear how it ended.

Whoever sends the same again goes on with a request that waits; one that was answered with a no is
over, and without this the same, sent again, would only ask people once more.
"""

from collections import OrderedDict
from collections.abc import Hashable

from assent.control.held_words import refusal
from assent.control.requests import Requests
from assent.control.sign_in import Caller
from assent.core.faults import MissingFault
from assent.core.ids import RequestId
from assent.core.plugins import RefusalKind, Refused
from assent.core.request import RequestState

_MOST = 50_000
_NO = (RequestState.REJECTED, RequestState.WITHDRAWN, RequestState.EXPIRED)


class Waited:
    """Remembers them, the oldest least. What it remembers is lost with the process."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._told: OrderedDict[Hashable, RequestId] = OrderedDict()

    def told(self, key: Hashable, refused: Refused) -> None:
        """Remember that a client was told to wait. key: stands for whoever attempts just that."""
        if refused.kind is not RefusalKind.WAITING or not refused.request:
            return
        self._told[key] = RequestId(refused.request)
        self._told.move_to_end(key)
        while len(self._told) > _MOST:
            self._told.popitem(last=False)

    async def ended(self, key: Hashable, caller: Caller) -> Refused | None:
        """Return the no that came of what was waited for, once; None where there is none."""
        request = self._told.get(key)
        if request is None:
            return None
        try:
            found = await self._requests.get(caller, request)
        except MissingFault:
            self._told.pop(key, None)
            return None
        if found.state is RequestState.PENDING:
            return None
        self._told.pop(key, None)
        return refusal(found) if found.state in _NO else None
