"""Approvals signed by passkeys as entries of a log, made the way the server makes them."""

from dataclasses import replace
from typing import Any

from assent.audit.approval_signatures import approval_message, encoded
from assent.core.canonical import Json
from assent.core.entry import Entry
from software_authenticator import Passkey
from unit.audit.signed_builders import approved, enrolled

KINDS = ("ES256", "EdDSA", "RS256")


def enrolled_passkey(number: int, passkey: Passkey, **facts: Json) -> Entry:
    said: dict[str, Json] = {
        "key": "key_1",
        "kind": "webauthn",
        "public_key": encoded(passkey.cose),
        "rp_id": "localhost",
    }
    return replace(enrolled(number), facts={**said, **facts})


def approved_by(
    number: int, passkey: Passkey, facts: dict[str, Json] | None = None, **said: Any
) -> Entry:
    plain = approved(number)
    about = plain.facts
    message = approval_message(
        str(about["verdict"]), "req_one", str(about["digest"]), str(about["shown"])
    )
    signature, assertion = passkey.approval(message, **said)
    signed: dict[str, Json] = {
        "key_kind": "webauthn",
        "signature": signature,
        "assertion": dict(assertion),
    }
    return replace(plain, facts={**about, **signed, **(facts or {})})
