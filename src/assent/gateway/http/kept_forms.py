"""Forms that were held: kept for the browser that sent them until people have answered."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from assent.core.clock import Clock
from assent.core.ids import Ids

LARGEST = 64 * 1024
_LASTS_FOR = timedelta(minutes=30)
_MOST = 1_000
_MOST_OF_ONE = 20


@dataclass(frozen=True, slots=True)
class Form:
    """One of them. owner: the digest of the token it was sent with. place: host and path."""

    owner: str
    place: str
    content_type: str
    data: bytes
    until: datetime


class KeptForms:
    """Keeps a few, in memory: it is the browser's own body, sent again in its name."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._forms: OrderedDict[str, Form] = OrderedDict()

    def keep(self, owner: str, place: str, content_type: str, data: bytes) -> str:
        """Return what stands for a form, empty for one that is too large to be kept."""
        if len(data) > LARGEST:
            return ""
        own = [ticket for ticket, form in self._forms.items() if form.owner == owner]
        for ticket in own[: max(0, len(own) - _MOST_OF_ONE + 1)]:
            del self._forms[ticket]
        while len(self._forms) >= _MOST:
            self._forms.popitem(last=False)
        ticket = self._ids.token(24)
        until = self._clock.now() + _LASTS_FOR
        self._forms[ticket] = Form(owner, place, content_type, data, until)
        return ticket

    def take(self, ticket: str, owner: str, place: str) -> Form | None:
        """Return the form of this owner and place, once; None where there is none such."""
        form = self._forms.get(ticket)
        if form is None or (form.owner, form.place) != (owner, place):
            return None
        del self._forms[ticket]
        return form if self._clock.now() < form.until else None
