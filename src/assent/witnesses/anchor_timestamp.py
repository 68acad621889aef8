"""An anchor at a time stamping authority (RFC 3161): it signs the note's hash and the time."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import httpx2
from cryptography import x509

from assent.core.entry import Checkpoint
from assent.core.faults import OperatorFault, OutsideFault
from assent.core.observing import Kept

if TYPE_CHECKING:
    from rfc3161_client import TimeStampRequest, TimeStampResponse

WITHIN_S = 20.0
_MOST_BYTES = 256 * 1024
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


class TimestampAnchor:
    """Asks one authority. roots: certificates that vouch for it.

    What is stamped is the SHA-256 of the note with the log's own signatures and no others. The
    body is the token (a `ContentInfo`, RFC 5652).
    """

    kind = "timestamp"

    def __init__(self, name: str, url: str, roots: Sequence[x509.Certificate]) -> None:
        self.name = name
        self._url = url
        self._roots = roots
        self._client = httpx2.AsyncClient(timeout=WITHIN_S, trust_env=False, follow_redirects=False)

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def keep(self, checkpoint: Checkpoint, note: str) -> Kept:
        """Have the checkpoint stamped, and verify the stamp. Raises OutsideFault."""
        from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

        stamped = checkpoint.note.encode()
        builder = TimestampRequestBuilder().data(stamped).hash_algorithm(HashAlgorithm.SHA256)
        request = builder.cert_request(cert_request=True).nonce(nonce=True).build()
        answer = await self._post(request.as_bytes())
        try:
            response = decode_timestamp_response(answer)
        except ValueError as cause:
            raise self._away("answers no time stamp") from cause
        self._verify(request, response, stamped)
        at = response.tst_info.gen_time
        return Kept(f"{self._url} at {at:%Y-%m-%dT%H:%M:%SZ}", bytes(response.time_stamp_token()))

    def _verify(
        self, request: "TimeStampRequest", response: "TimeStampResponse", stamped: bytes
    ) -> None:
        from rfc3161_client import VerificationError, VerifierBuilder

        builder = VerifierBuilder.from_request(request)
        for root in self._roots:
            builder = builder.add_root_certificate(root)
        try:
            builder.build().verify_message(response, stamped)
        except (VerificationError, ValueError) as cause:
            raise self._away(f"answers a time stamp that does not hold: {cause}") from cause

    async def _post(self, query: bytes) -> bytes:
        headers = {"content-type": _QUERY, "accept": _REPLY}
        try:
            async with (
                asyncio.timeout(WITHIN_S),
                self._client.stream("POST", self._url, content=query, headers=headers) as response,
            ):
                data = b""
                async for part in response.aiter_bytes():
                    data += part
                    if len(data) > _MOST_BYTES:
                        raise self._away(f"answers more than {_MOST_BYTES} bytes")
                if response.status_code != 200:
                    raise self._away(f"answers {response.status_code}")
                return data
        except TimeoutError:
            raise self._away(f"did not answer within {WITHIN_S:g} s") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as fault:
            raise self._away(f"cannot be reached ({type(fault).__name__})") from None

    def _away(self, words: str) -> OutsideFault:
        return OutsideFault("anchor-timestamp", f"time stamping authority `{self.name}` {words}")


def roots_in(pem: bytes, place: str) -> Sequence[x509.Certificate]:
    """Return the certificates of a PEM file. Raises OperatorFault, also without rfc3161-client."""
    try:
        import rfc3161_client  # noqa: F401 - whether it is there
    except ModuleNotFoundError as cause:
        words = "time stamps need rfc3161-client: pip install 'assent[timestamps]'"
        raise OperatorFault("rfc3161-missing", words, place) from cause
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError as cause:
        raise OperatorFault("certificate-authority", "holds no PEM certificate", place) from cause
    return found
