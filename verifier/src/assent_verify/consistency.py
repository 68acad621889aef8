"""That all checkpoints are of one growing log (check 3; RFC 6962 section 2.1.2).

The whole tree is here, so no proof is needed: the root at each size is worked out anew.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from assent_verify.checkpoints import Seen
from assent_verify.report import Findings

CONSISTENCY = 3

_MOST_EVIDENCE = 8


@dataclass(slots=True)
class Agreement:
    """What came of it. fitting: checkpoints that are of this log. evidence: place and note of
    such as cannot both be true.
    """

    fitting: list[Seen] = field(default_factory=list)
    evidence: list[tuple[str, str]] = field(default_factory=list)


def check_consistency(
    newest: Seen,
    others: Iterable[Seen],
    roots: Mapping[int, bytes] | None,
    believed: Callable[[Seen], bool],
    note_of: Callable[[Seen], str],
    findings: Findings,
) -> Agreement:
    """Compare every checkpoint with the log. roots: size → root; None where it is not known.

    believed: whether somebody whom the reader trusts signed it; only such a note is evidence
    against the one who signed. note_of: the note of a checkpoint, verbatim.
    """
    agreement = Agreement()
    by_size: dict[int, Seen] = {newest.size: newest}

    def accuse(text: str, one: Seen, other: Seen) -> None:
        findings.fail(CONSISTENCY, text)
        if believed(one) and believed(other) and len(agreement.evidence) < _MOST_EVIDENCE:
            agreement.evidence += [(seen.place, note_of(seen)) for seen in (one, other)]

    for one in (newest, *others):
        first = by_size.setdefault(one.size, one)
        if one.origin != newest.origin:
            findings.fail(CONSISTENCY, f"{one.place} is of another log, `{one.origin[:80]}`")
        elif first.root != one.root:
            text = f"{first.place} and {one.place} have two roots for one size, {one.size}: a fork"
            accuse(text, first, one)
        elif one.size > newest.size:
            text = f"the log had {one.size} entries in {one.place}, now {newest.size}"
            accuse(text, one, newest)
        elif roots is not None and one is not newest and roots.get(one.size) != one.root:
            text = f"the log of size {newest.size} does not continue {one.place}"
            accuse(f"{text} (size {one.size})", one, newest)
        else:
            agreement.fitting.append(one)
    return agreement
