"""A secret is shown by `reveal()` and in no other way."""

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable

import pytest

from assent.core.secret import Secret

HIDDEN = "s3cret-xyzzy"
SECRET = Secret(HIDDEN)


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        "{}".format,
        "{!r:>40}".format,
        lambda secret: f"{secret}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031
        lambda secret: repr([secret, {"password": secret}]),
        lambda secret: str(dir(secret)),
    ],
)
def test_no_way_of_writing_it_shows_it(show: Callable[[object], str]) -> None:
    assert HIDDEN not in show(SECRET)


def test_it_is_not_pickled_copied_or_made_json() -> None:
    for way in (pickle.dumps, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError) as caught:
            way(SECRET)  # type: ignore[operator]
        assert HIDDEN not in str(caught.value)


def test_neither_a_log_nor_a_traceback_shows_it(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError("failed for", SECRET)
    except ValueError as fault:
        logging.getLogger("test").exception("with %s", SECRET)
        text = "".join(traceback.format_exception(fault))
    assert HIDDEN not in text + caplog.text


def test_secrets_are_the_same_only_when_they_are_one_object() -> None:
    assert SECRET == SECRET
    assert Secret(HIDDEN) != SECRET
    assert len({SECRET, SECRET}) == 1
    assert SECRET.reveal() == HIDDEN
