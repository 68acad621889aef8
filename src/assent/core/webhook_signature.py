"""The signature by which whoever receives a webhook knows who sent it (Standard Webhooks 1.0)."""

import base64
import binascii
import hmac
from hashlib import sha256

from assent.core.faults import OperatorFault
from assent.core.secret import Secret

_PREFIX = "whsec_"
_FEWEST_BYTES = 24


def webhook_headers(
    secret: Secret[str], identity: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """Return the headers by which a receiver knows who sent a message, and when.

    The signature is HMAC-SHA256 of `<id>.<timestamp>.<body>`. timestamp: seconds since 1970.
    Source: Standard Webhooks 1.0, symmetric signatures. Raises OperatorFault.
    """
    signed = f"{identity}.{timestamp}.".encode() + body
    digest = hmac.new(webhook_key(secret), signed, sha256).digest()
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def webhook_key(secret: Secret[str]) -> bytes:
    """Return the key that a secret stands for: `whsec_` and Base64, or its own bytes.

    Raises OperatorFault for one that could be guessed.
    """
    text = secret.reveal()
    key = text.encode()
    if text.startswith(_PREFIX):
        try:
            key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            # Without the cause and its text: it is the secret.
            words = "a webhook's secret that begins with `whsec_` goes on in Base64"
            raise OperatorFault("webhook-secret", words) from None
    if len(key) < _FEWEST_BYTES:
        words = f"a webhook's secret has {_FEWEST_BYTES} bytes or more; make a longer one"
        raise OperatorFault("webhook-secret", words)
    return key
