"""Bodies are strict on the way in, and one noun has one text."""

from typing import get_args

import pytest

from assent.core.decision import Remedy
from assent.stores.codec import (
    REMEDIES,
    decode_remedies,
    decode_request,
    decode_subject,
    encode_request,
)
from conformance.store_builders import request


def test_every_remedy_has_a_name() -> None:
    assert set(REMEDIES.values()) == set(get_args(Remedy))


def test_one_request_has_one_text() -> None:
    assert encode_request(request()) == encode_request(request())


def test_an_unknown_key_in_a_body_is_refused() -> None:
    body = encode_request(request())
    with pytest.raises(ValueError, match="unknown field"):
        decode_request('{"odd": 1, ' + body[1:])


def test_an_unknown_remedy_is_refused() -> None:
    body = decode_request(encode_request(request()).replace('"ticket"', '"bribe"', 1))
    with pytest.raises(ValueError, match="bribe"):
        decode_remedies(body)


def test_a_score_that_its_factors_do_not_sum_to_is_refused() -> None:
    body = encode_request(request()).replace('"score":40', '"score":41')
    with pytest.raises(ValueError, match="sum"):
        decode_request(body)


def test_a_body_of_another_noun_is_refused() -> None:
    with pytest.raises(ValueError):
        decode_subject(encode_request(request()))
