"""COSE keys: what a passkey's key looks like, and that one key has one text."""

import pytest

from assent.audit.cose_keys import key_check
from software_authenticator import Passkey
from unit.assent_verify.test_story_passkeys import BAD_KEYS
from unit.audit.passkey_builders import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_signature_fits_its_key_and_what_it_is_over(kind: str) -> None:
    passkey = Passkey(kind)
    check, signature = key_check(passkey.cose), passkey.sign(b"one")
    check(signature, b"one")
    with pytest.raises(ValueError, match="does not fit"):
        check(signature, b"two")
    with pytest.raises(ValueError, match="does not fit"):
        key_check(Passkey(kind, seed=2).cose)(signature, b"one")


@pytest.mark.parametrize("key", BAD_KEYS)
def test_what_no_passkey_has_for_a_key_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match="key"):
        key_check(key)
