from dataclasses import replace
from datetime import timedelta

import pytest

from assent.core.faults import OperatorFault
from assent.witnesses.settings import (
    AnchorConfig,
    WitnessConfig,
    check_anchors,
    check_witnesses,
    span,
)

KEY = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
WITNESS = WitnessConfig(KEY, "https://witness.example/w")
GOOD = (
    AnchorConfig("disk", "file", path="/mnt/other/checkpoints"),
    AnchorConfig("vault", "object-lock", bucket="locked", endpoint="http://127.0.0.1:9000"),
    AnchorConfig("repo", "git", "30m", path="checkpoints.git", remote="origin"),
    AnchorConfig("tsa", "timestamp", url="http://tsa.example", certificate_authority="tsa.pem"),
)


def test_what_is_whole_is_taken() -> None:
    check_witnesses([WITNESS], "[[audit.witnesses]]")
    check_anchors(GOOD, "[[audit.anchors]]")
    assert WITNESS.verifier.name == "remora.n621.de"


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([replace(WITNESS, key="nonsense")], "name\\+id"),
        ([replace(WITNESS, url="witness.example")], "no address"),
        ([replace(WITNESS, url="https://w.example/?x=1")], "no address"),
        ([replace(WITNESS, url="https://[w")], "no address"),
        ([WITNESS, WITNESS], "twice"),
        ([WITNESS] * 33, "more than 32"),
    ],
)
def test_a_witness_that_could_not_be_asked_is_refused(
    entries: list[WitnessConfig], words: str
) -> None:
    with pytest.raises(OperatorFault, match=words):
        check_witnesses(entries, "[[audit.witnesses]]")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (replace(GOOD[0], name="two words"), "letters"),
        (replace(GOOD[0], kind="stone"), "`stone` is none of"),
        (replace(GOOD[0], path=""), "needs `path`"),
        (replace(GOOD[0], bucket="b"), "has no `bucket`"),
        (replace(GOOD[0], every="often"), "no time"),
        (replace(GOOD[0], every="0s"), "no time"),
        (replace(GOOD[1], retain="1h"), "at least 1 day"),
        (replace(GOOD[1], endpoint="http://objects.example"), "in the clear"),
        (replace(GOOD[1], access_key="AKIA", secret_key="env:S"), "reference"),
        (replace(GOOD[1], access_key="env:A"), "go together"),
        (replace(GOOD[2], branch="-x"), "no branch"),
        (replace(GOOD[2], remote="--upload-pack=x"), "no name of a remote"),
        (replace(GOOD[3], url="ftp://tsa.example"), "no address"),
        (replace(GOOD[3], certificate_authority=""), "needs `certificate_authority`"),
    ],
)
def test_an_anchor_that_could_not_hold_is_refused(entry: AnchorConfig, words: str) -> None:
    with pytest.raises(OperatorFault, match=words):
        check_anchors([entry], "[[audit.anchors]]")


def test_two_anchors_of_one_name_are_refused() -> None:
    with pytest.raises(OperatorFault, match="once"):
        check_anchors([GOOD[0], GOOD[0]], "[[audit.anchors]]")


def test_a_secret_that_stands_in_the_file_is_not_repeated() -> None:
    entry = replace(GOOD[1], access_key="env:A", secret_key="hunter2")
    with pytest.raises(OperatorFault) as caught:
        check_anchors([entry], "[[audit.anchors]]")
    assert "hunter2" not in str(caught.value)


def test_spans_have_a_unit() -> None:
    assert span("90s", timedelta(0), "x") == timedelta(seconds=90)
    assert span("400d", timedelta(0), "x") == timedelta(days=400)
