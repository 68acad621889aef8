"""Two programs read what passkeys sign, and share no code: they never disagree."""

from contextlib import suppress
from hashlib import sha256
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from assent.audit.assertions import Assertion, check_assertion
from assent_verify.story import passkeys as verifier
from software_authenticator import Passkey, base64url

MESSAGE = b"the five lines"
MADE = (Passkey("ES256"), Passkey("EdDSA"))


def ours(key: bytes, given: Assertion) -> bool:
    with suppress(ValueError):
        check_assertion(key, "localhost", sha256(MESSAGE).digest(), given)
        return True
    return False


def theirs(key: bytes, given: Assertion) -> bool:
    with suppress(ValueError):
        verifier.check_assertion(
            key, "localhost", MESSAGE, given.signature, given.authenticator_data, given.client_data
        )
        return True
    return False


damage = st.tuples(
    st.sampled_from(("key", "authenticator", "client", "signature")),
    st.integers(0, 300),
    st.integers(0, 255),
    st.sampled_from(("replace", "insert", "cut")),
)


def damaged(data: bytes, at: int, byte: int, how: str) -> bytes:
    at = min(at, len(data))
    match how:
        case "replace":
            return data[:at] + bytes([byte]) + data[at + 1 :]
        case "insert":
            return data[:at] + bytes([byte]) + data[at:]
        case _:
            return data[:at]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(MADE),
    st.lists(damage, max_size=2),
    st.fixed_dictionaries(
        {},
        optional={
            "flags": st.integers(0, 255),
            "cross_origin": st.sampled_from([False, True, None, 0, ""]),
            "origin": st.sampled_from(
                ["http://localhost", "https://localhost:443", "http://localhost:0", "http://l"]
            ),
            "rp_id": st.sampled_from(["localhost", "x"]),
        },
    ),
)
def test_both_take_the_same_assertions(
    passkey: Passkey, damages: list[tuple[str, int, int, str]], said: dict[str, Any]
) -> None:
    data, client, signature = passkey.assertion(base64url(sha256(MESSAGE).digest()), **said)
    parts = {
        "key": passkey.cose,
        "authenticator": data,
        "client": client,
        "signature": signature,
    }
    for name, at, byte, how in damages:
        parts[name] = damaged(parts[name], at, byte, how)
    given = Assertion(parts["authenticator"], parts["client"], parts["signature"])
    assert ours(parts["key"], given) == theirs(parts["key"], given)
