"""A webhook's signature is the one that the convention has, and no weak secret makes one."""

import base64
import hashlib
import hmac

import pytest

from assent.core.faults import OperatorFault
from assent.core.secret import Secret
from assent.core.webhook_signature import webhook_headers, webhook_key


def test_a_webhook_is_signed_as_the_convention_has_it() -> None:
    key = b"0123456789abcdefghijklmnop"
    secret = Secret("whsec_" + base64.b64encode(key).decode())
    headers = webhook_headers(secret, "ntc_1", 1_700_000_000, b'{"a":1}')
    mac = hmac.digest(key, b'ntc_1.1700000000.{"a":1}', hashlib.sha256)
    assert headers == {
        "webhook-id": "ntc_1",
        "webhook-timestamp": "1700000000",
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }


def test_a_webhook_is_signed_as_in_the_convention_s_own_example() -> None:
    # The example of the specification: secret, id, timestamp, body and signature.
    headers = webhook_headers(
        Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_without_the_prefix_is_its_own_bytes() -> None:
    assert webhook_key(Secret("a secret of more than 24")) == b"a secret of more than 24"


@pytest.mark.parametrize("text", ["", "short", "whsec_c2hvcnQ=", "whsec_not base64, s3cr3t"])
def test_a_secret_that_could_be_guessed_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(OperatorFault) as caught:
        webhook_key(Secret(text))
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.__cause__ is None
