"""Collectors that are posted to: of CloudEvents, and of OpenTelemetry."""

import socket
from collections.abc import Callable, Sequence

from assent.audit.cloud_events import BATCH_MEDIA_TYPE, MEDIA_TYPE, batched, structured
from assent.audit.otlp import MEDIA_TYPE as JSON
from assent.audit.otlp import logs_request, rejected
from assent.control.exporting import Event
from assent.core.clock import Clock
from assent.core.secret import Secret
from assent.core.webhook_signature import webhook_headers
from assent.exporters.posting import Posting

Reveal = Callable[[], Secret[str]]


class CloudEvents:
    """Posts signed CloudEvents, each in a message of its own or, with `batch`, many in one.

    secret: what they are signed with, read afresh each time.
    """

    kind = "cloudevents"

    def __init__(
        self, name: str, posting: Posting, secret: Reveal, clock: Clock, *, batch: bool
    ) -> None:
        self._name = name
        self._posting = posting
        self._secret = secret
        self._clock = clock
        self._batch = batch
        # Of what was handed over when a later one was not: it is not told twice.
        self._taken: set[str] = set()

    @property
    def name(self) -> str:
        """What it is called."""
        return self._name

    async def send(self, events: Sequence[Event]) -> int:
        """Post the events, in order. Raises OutsideFault, OperatorFault."""
        if self._batch:
            identity = f"{_identity(events[0])}.{len(events)}"
            await self._post(identity, batched(events), BATCH_MEDIA_TYPE)
            return 0
        for one in events:
            identity = _identity(one)
            if identity not in self._taken:
                await self._post(identity, structured(one), MEDIA_TYPE)
                self._taken.add(identity)
        self._taken.clear()
        return 0

    async def _post(self, identity: str, body: bytes, media_type: str) -> None:
        now = int(self._clock.now().timestamp())
        headers = webhook_headers(self._secret(), identity, now, body)
        await self._posting.post(body, {**headers, "content-type": media_type})


class OpenTelemetry:
    """Posts log records by OTLP over HTTP, in JSON. headers: with what the collector knows us by.

    Source: OTLP 1.x, section OTLP/HTTP.
    """

    kind = "otlp"

    def __init__(
        self, name: str, posting: Posting, headers: Callable[[], dict[str, str]], version: str
    ) -> None:
        self._name = name
        self._posting = posting
        self._headers = headers
        self._version = version
        self._instance = socket.gethostname()

    @property
    def name(self) -> str:
        """What it is called."""
        return self._name

    async def send(self, events: Sequence[Event]) -> int:
        """Post the events; what the collector rejects for good it wants no second time.

        Raises OutsideFault, OperatorFault.
        """
        body = logs_request(events, self._instance, self._version)
        answer = await self._posting.post(body, {**self._headers(), "content-type": JSON})
        try:
            refused, _ = rejected(answer)
        except (ValueError, RecursionError):
            raise self._posting.away("answered what is no JSON") from None
        return max(0, min(refused, len(events)))


def _identity(event: Event) -> str:
    metadata = event["metadata"]
    assert isinstance(metadata, dict)
    return str(metadata["uid"])
