"""Signatures are those that the other side computes, and no others pass."""

import hashlib
import hmac

import pytest

from assent.core.ids import RequestId
from assent.core.secret import Secret
from assent.notifiers.signing import Intent, Intents, is_from_slack

APPROVE = Intent("approve", RequestId("req_01ABC"))


def test_slack_is_believed_as_slack_documents_it() -> None:
    # The example of Slack's documentation, "Verifying requests from Slack".
    secret = Secret("8f742231b10e8888abcd99yyyzzz85a5")
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
        b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
        b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
        b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert is_from_slack(secret, "1531420618", signature, body)
    assert not is_from_slack(secret, "1531420619", signature, body)
    assert not is_from_slack(secret, "1531420618", signature.upper(), body)
    assert not is_from_slack(secret, "1531420618", signature, body + b"&")
    assert not is_from_slack(secret, "1531420618", "", body)
    assert not is_from_slack(secret, "1531420618", "é\udcff", body)
    assert not is_from_slack(Secret("another"), "1531420618", signature, body)


def test_nobody_signs_with_a_secret_that_is_empty() -> None:
    mac = hmac.digest(b"", b"v0:1:x", hashlib.sha256).hex()
    assert not is_from_slack(Secret(""), "1", f"v0={mac}", b"x")


def test_an_intent_is_read_as_it_was_written() -> None:
    intents = Intents(Secret("the secret"))
    assert intents.read(intents.written(APPROVE)) == APPROVE


@pytest.mark.parametrize(
    ("old", "new"),
    [("approve", "reject"), ("req_01ABC", "req_01ABD"), (" req", "  req"), ("e", "é")],
)
def test_an_intent_that_was_changed_is_none(old: str, new: str) -> None:
    intents = Intents(Secret("the secret"))
    assert intents.read(intents.written(APPROVE).replace(old, new)) is None


def test_an_intent_of_somebody_else_is_none() -> None:
    theirs = Intents(Secret("another")).written(APPROVE)
    assert Intents(Secret("the secret")).read(theirs) is None
    assert Intents(Secret("the secret")).read("approve") is None
