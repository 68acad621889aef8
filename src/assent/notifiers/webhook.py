"""A webhook: each notice is a CloudEvent, signed so that the receiver knows it is ours.

Source: CloudEvents 1.0.2, JSON format, structured content mode; Standard Webhooks 1.0.
"""

import json
from collections.abc import Callable, Sequence
from hashlib import sha256

from assent.core.canonical import Json
from assent.core.clock import Clock, isoformat
from assent.core.faults import OperatorFault
from assent.core.notice import Notice
from assent.core.secret import Secret
from assent.core.subject import Subject
from assent.core.webhook_signature import webhook_headers
from assent.notifiers import words
from assent.notifiers.posting import Posting
from assent.notifiers.settings import check_url, is_reference

MEDIA_TYPE = "application/cloudevents+json"
_GONE = 410


class Webhook:
    """Posts notices to one URL. url: it, or a reference to it; read afresh for every notice."""

    def __init__(
        self,
        name: str,
        url: str,
        secret: str,
        *,
        posting: Posting,
        reveal: Callable[[str], Secret[str]],
        clock: Clock,
        source: str,
    ) -> None:
        self._name = name
        self._url = url
        self._secret = secret
        self._posting = posting
        self._reveal = reveal
        self._clock = clock
        self._source = source

    @property
    def name(self) -> str:
        """What the channel is called."""
        return self._name

    async def send(self, notice: Notice, to: Sequence[Subject], earlier: str) -> str:
        """Post the notice. An answer of 410 says that it will never be wanted again.

        Raises OutsideFault, OperatorFault.
        """
        event = cloud_event(notice, to, self._source)
        body = json.dumps(event, separators=(",", ":"), sort_keys=True).encode()
        now = int(self._clock.now().timestamp())
        signed = webhook_headers(self._reveal(self._secret), str(event["id"]), now, body)
        answer = await self._posting.post(
            self._where(), body, {**signed, "content-type": MEDIA_TYPE}
        )
        if answer.status == _GONE:
            told = f"the webhook `{self._name}` answered 410: it does not want notices any more"
            raise OperatorFault("channel-gone", told)
        if not answer.is_good:
            raise self._posting.away(f"answered {answer.status} where 200 to 299 was expected")
        return ""

    def _where(self) -> str:
        if not is_reference(self._url):
            return self._url
        url = self._reveal(self._url).reveal()
        check_url(url, f"the url of the webhook `{self._name}`")
        return url


def cloud_event(notice: Notice, to: Sequence[Subject], source: str) -> dict[str, Json]:
    """Return a notice as a CloudEvent. Its id is the same however often it is sent.

    source: our own address. The subject is the thread; a later event of one changes what an
    earlier one said.
    """
    identity = notice.id or sha256(f"{notice.key}{isoformat(notice.at)}".encode()).hexdigest()
    event: dict[str, Json] = {
        "specversion": "1.0",
        "id": identity,
        "source": source,
        "type": f"assent.{notice.topic}",
        "time": isoformat(notice.at),
        "datacontenttype": "application/json",
        "data": {
            "headline": words.headline(notice),
            "lines": [*words.lines(notice)],
            "link": words.link(notice),
            "loud": notice.loud,
            "to": [{"id": person.id, "name": person.name} for person in to],
            "request": notice.request,
            "grant": notice.grant,
        },
    }
    if notice.thread:
        event["subject"] = notice.thread
    return event
