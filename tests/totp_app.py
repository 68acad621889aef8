"""A telephone with an app for codes."""

import base64
import re
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP


def secret_on(page: str) -> str:
    """Return the secret that a page shows."""
    found = re.search(r"Secret: <code>([A-Z2-7 ]+)</code>", page)
    assert found, page
    return found[1].replace(" ", "")


def code_now(secret: str, now: datetime) -> str:
    """Return what the app shows now."""
    generator = TOTP(base64.b32decode(secret), 6, SHA1(), 30)
    return generator.generate(int(now.timestamp())).decode()
