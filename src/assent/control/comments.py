"""What people say about a request without answering it."""

from dataclasses import replace

from assent.control import entries
from assent.control.outbox import Outbox
from assent.control.requests import Requests
from assent.control.sign_in import Caller
from assent.control.waiting import Waiting
from assent.core.clock import Clock
from assent.core.faults import ConflictFault
from assent.core.ids import Ids, RequestId
from assent.core.request import Comment, Request

LONGEST = 2_000
"""Characters of a comment."""
MOST = 100
"""Comments on one request."""


class Comments:
    """Keeps comments on requests that wait."""

    def __init__(
        self, *, waiting: Waiting, requests: Requests, outbox: Outbox, clock: Clock, ids: Ids
    ) -> None:
        self._waiting = waiting
        self._requests = requests
        self._outbox = outbox
        self._clock = clock
        self._ids = ids

    async def comment(self, caller: Caller, request: RequestId, text: str) -> Request:
        """Return the request with the caller's comment; whoever may see it may comment.

        Raises MissingFault, ConflictFault (settled, too long, too many).
        """
        text = text.strip()
        if not 0 < len(text) <= LONGEST:
            raise ConflictFault("comment-length", f"a comment has 1 to {LONGEST} characters")
        await self._requests.seen(caller, request)
        async with self._waiting.moving(await self._waiting.place(request)) as place:
            before = place.request
            if len(before.comments) >= MOST:
                words = f"request `{request}` has {MOST} comments already; talk elsewhere"
                raise ConflictFault("too-many-comments", words)
            comment = Comment(caller.subject.id, self._clock.now(), text)
            heard = (before.action.subject, *before.asked, *(one.by for one in before.comments))
            notice = self._outbox.notice(
                "request.commented",
                to=[who for who in heard if who != comment.by],
                headline=f"{caller.subject.name} said something about a request",
                request=request,
                key=f"request.commented:{request}:{len(before.comments)}",
            )
            return await self._waiting.keep(
                place,
                replace(before, comments=(*before.comments, comment)),
                by=comment.by,
                changes=(notice,),
                also=(entries.of_comment(self._ids, comment, before),),
            )
