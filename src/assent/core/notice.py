"""Something a person should hear about. It carries a link, never an authority."""

from dataclasses import dataclass
from datetime import datetime

from assent.core.ids import GrantId, NoticeId, RequestId, SubjectId


@dataclass(frozen=True, slots=True)
class Notice:
    """One message: `request.opened`, `request.changed`, `request.settled`, `grant.…`.

    What has no `id` is news for open pages alone. id: of what is kept until it was delivered.
    key: two notices of one key are one. to: whom it is for, nobody for whoever watches.
    headline, lines: for people, without anything that policies would mask. link: to the page
    that shows it. loud: by every channel there is, whoever it is for. thread: what it is about; a
    later notice of one thread replaces an earlier one where a channel can.
    """

    topic: str
    at: datetime
    request: RequestId | None = None
    grant: GrantId | None = None
    id: NoticeId | None = None
    key: str = ""
    to: tuple[SubjectId, ...] = ()
    headline: str = ""
    lines: tuple[str, ...] = ()
    link: str = ""
    loud: bool = False
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far a notice came on one channel. due_at: when it is tried next, None once it is over.

    reference: what the channel calls the message, to change it later. error: why it failed last.
    A delivery that is over and not delivered is dead: it is kept to be seen.
    """

    notice: NoticeId
    channel: str
    attempts: int = 0
    due_at: datetime | None = None
    delivered_at: datetime | None = None
    reference: str = ""
    error: str = ""

    @property
    def is_dead(self) -> bool:
        """Whether it was given up."""
        return self.due_at is None and self.delivered_at is None
