import pytest

from assent.control.log_words import what_happened
from assent.core.entry import EntryKind


def name(id: str) -> str:
    return {"sub_ana": "ana"}.get(id, id)


@pytest.mark.parametrize("kind", EntryKind)
def test_every_kind_is_told_in_words_even_without_facts(kind: EntryKind) -> None:
    words = what_happened(kind.value, {}, name)
    assert words
    assert words == words.strip()
    assert "." not in words
    assert not words.endswith(":") or kind in {
        EntryKind.SESSION_ENDED, EntryKind.SESSION_STEERED, EntryKind.REVIEW_CLOSED,
        EntryKind.ANCHOR_RECORDED, EntryKind.LOG_DISPUTED, EntryKind.REMEDY_MET,
        EntryKind.POLICY_CHANGED, EntryKind.AUTHENTICATOR_ADDED, EntryKind.AUTHENTICATOR_REMOVED,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "facts", "words"),
    [
        (
            "decision",
            {"outcome": "permit", "policies": ["shop.read"], "score": 3},
            "permitted by shop.read, risk 3",
        ),
        (
            "decision",
            {"outcome": "deny", "policies": ["guard"], "remedies": ["approval", "reason"]},
            "asks for the assent of people and a reason by guard",
        ),
        ("decision", {"outcome": "deny", "code": "no-permit"}, "refused, no-permit"),
        ("result", {"outcome": "done", "rows": 1}, "done, 1 row"),
        ("result", {"outcome": "done", "rows": 1200}, "done, 1,200 rows"),
        ("approval", {"verdict": "approve", "signature": "x"}, "assented, signed"),
        (
            "approval",
            {"verdict": "reject", "rejected_as": "not-needed"},
            "rejected it as not needed",
        ),
        (
            "approval",
            {"verdict": "approve", "in_place_of": "sub_ana"},
            "assented in the place of ana",
        ),
        ("login", {"method": "passkey"}, "signed in by passkey"),
        ("login.refused", {"count": 3, "code": "x"}, "was refused 3 times: x"),
        ("log.read", {"what": "story", "about": "sub_ana"}, "read story of ana"),
        ("grant.revoked", {"holder": "sub_ana"}, "access was taken from ana"),
        ("a.kind-to-come", {}, "a kind-to-come"),
    ],
)
def test_what_the_facts_say_is_told(kind: str, facts: dict[str, object], words: str) -> None:
    assert what_happened(kind, facts, name) == words
