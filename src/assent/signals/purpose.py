"""What access is asked for: whether there is a reason, whether it says something, a ticket."""

import re
from datetime import datetime

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal
from assent.signals.novelty import PROFILE, chain_weights, learned
from assent.signals.weighing import ALL, added, bounded, failed, found, usual, weights
from assent.signals.words import name_words

NAME = "purpose"

NOTHING_BITS = 1.0
EMPTY_WORDS_BITS = 0.7
TICKET_BITS = -0.5
LEAST_BITS = -0.5
"""Reasons and tickets are easily made up: together with what is usual they say no more."""

_FEWEST_LETTERS = 8
_FEWEST_DIFFERENT = 4
# One sign of a script that writes words with one or two of them says as much as three letters.
_IDEOGRAPHS_FROM, _LETTERS_OF_AN_IDEOGRAPH = 0x2E80, 3
_LONGEST_READ = 500
_KEYBOARD_ROWS = ("qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "yxcvbnm", "zxcvbnm")
_RUN = 4
_WORD = re.compile(r"[^\W\d_]+")


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return how good and how usual the purpose of a request is; only those have one."""
    if action.verb != "access.request":
        return usual(NAME, "only requests have a purpose")
    bits, words = quality(evidence.reason, evidence.ticket)
    known = learned(evidence)
    if known is None:
        return failed(NAME, words, PROFILE, ALL, weights(bits))
    seen = known.dimensions.get("purpose")
    novelty = chain_weights("purpose", seen, known.days) if seen is not None and seen.chain else ()
    together = added(weights(bits), novelty)
    weighed = bounded([max(1000.0 * LEAST_BITS, weight) for weight in together])
    return found(NAME, words, weighed, "request")


def quality(reason: str, ticket: str) -> tuple[float, str]:
    """Return the bits of a purpose as it is given, and what is to be said of it."""
    bits, words = _reason_quality(reason.strip()[:_LONGEST_READ], bool(ticket.strip()))
    if not ticket.strip():
        return bits, words
    named = f"the ticket {name_words(ticket.strip())} is named"
    return bits + TICKET_BITS, f"{named}, but {words}" if bits > 0.0 else named


def _reason_quality(reason: str, has_ticket: bool) -> tuple[float, str]:
    if not reason:
        return (0.0, "") if has_ticket else (NOTHING_BITS, "neither a reason nor a ticket is given")
    if says_little(reason):
        return EMPTY_WORDS_BITS, f"the reason “{name_words(reason)}” says little"
    return 0.0, "a reason is given"


def says_little(reason: str) -> bool:
    """Return whether a reason is too short, of few different letters, or keyboard noise."""
    letters = [letter for letter in reason.lower() if letter.isalpha()]
    worth = sum(
        _LETTERS_OF_AN_IDEOGRAPH if ord(letter) >= _IDEOGRAPHS_FROM else 1 for letter in letters
    )
    if worth < _FEWEST_LETTERS:
        return True
    if worth == len(letters) and len(set(letters)) < _FEWEST_DIFFERENT:
        return True
    words = _WORD.findall(reason.lower())
    noise = sum(len(word) for word in words if _is_noise(word))
    return 2 * noise > sum(map(len, words))


def _is_noise(word: str) -> bool:
    """Return whether a word runs along the keyboard, such as `asdfgh`, or repeats a few letters."""
    runs = [row[start : start + _RUN] for row in _KEYBOARD_ROWS for start in range(len(row) - _RUN)]
    if any(
        run in word or run[::-1] in word
        for run in (*runs, *(row[-_RUN:] for row in _KEYBOARD_ROWS))
    ):
        return True
    return len(word) >= _FEWEST_LETTERS and len(set(word)) < _FEWEST_DIFFERENT


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"history"}), measure=measure)
