"""Bodies are strict on the way in, and one noun has one text."""

from dataclasses import replace
from typing import get_args

import pytest

from assent.core.assessment import Confidence
from assent.core.decision import Remedy
from assent.core.lesson import Aspect
from assent.stores.codec import (
    REMEDIES,
    decode_lesson,
    decode_remedies,
    decode_request,
    decode_subject,
    encode_lesson,
    encode_request,
)
from conformance.spine_rows import REQUEST, REQUEST_BODY
from conformance.store_builders import lesson, request


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


def test_a_body_of_before_assessments_said_more_is_read() -> None:
    body = decode_request(REQUEST_BODY)
    assert body.assessment == REQUEST.assessment
    assert (body.assessment.attacker, body.assessment.headline) == (None, "")
    assert body.assessment.confidence is Confidence.LOW
    assert (body.assessment.unknown, body.assessment.odds_mb) == ((), 0)
    assert [(factor.at, factor.source) for factor in body.assessment.factors] == [(None, "")]
    assert body.action.digest() == body.action_digest


def test_an_aspect_of_before_it_said_more_is_read() -> None:
    body = encode_lesson(replace(lesson("les_1"), aspects=(Aspect("rows", (), 12),)))
    shorter = body.replace('["rows",[],12,"",1000]', '["rows",[],12]')
    assert len(shorter) < len(body)
    assert decode_lesson(shorter).aspects == (Aspect("rows", amount=12),)


def test_an_unknown_key_in_a_lesson_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown field"):
        decode_lesson('{"odd": 1, ' + encode_lesson(lesson("les_1"))[1:])
