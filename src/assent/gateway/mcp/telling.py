"""What an agent hears of a refusal: what is known of the request that people are asked in."""

from collections.abc import Sequence

from assent.control.requests import Requests
from assent.control.sign_in import Caller
from assent.core.faults import Fault
from assent.core.ids import RequestId
from assent.core.plugins import Refused
from assent.protocols.mcp.answers import Explained, explained

_MOST_OTHERS = 5


class Telling:
    """Explains refusals. public_url: of the console, where people answer."""

    def __init__(self, requests: Requests, public_url: str) -> None:
        self._requests = requests
        self._public_url = public_url

    async def of(self, caller: Caller, refused: Refused, others: Sequence[str] = ()) -> Explained:
        """Return a refusal explained. others: tools that would do less."""
        shown = tuple(others[:_MOST_OTHERS])
        if not refused.request:
            return explained(refused, others=shown)
        url = f"{self._public_url}/requests/{refused.request}"
        try:
            request = await self._requests.get(caller, RequestId(refused.request))
        except Fault:
            # What is told is a help; the refusal stands without it.
            return explained(refused, url=url, others=shown)
        return explained(
            refused,
            request=request,
            missing=self._requests.unmet(request),
            asked=[person.name for person in self._requests.asked(request)],
            url=url,
            others=shown,
        )
