"""What can be said of a person who is kept here."""

import pytest

from assent.control.local_person import PersonChange, changed, check_name
from assent.core.faults import ConflictFault
from builders import ANA


@pytest.mark.parametrize("name", ["", "-nora", "no ra", "n" * 129, "nóra"])
def test_nobody_is_called_what_no_policy_could_name(name: str) -> None:
    with pytest.raises(ConflictFault, match="bad-name"):
        check_name(name)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (PersonChange(display_name="a\nb"), "bad-text"),
        (PersonChange(email="nobody"), "bad-email"),
        (PersonChange(time_zone="Middle/Earth"), "bad-time-zone"),
        (PersonChange(groups=frozenset({"no group"})), "bad-group"),
    ],
)
def test_what_cannot_be_is_said_by_its_field(wanted: PersonChange, code: str) -> None:
    with pytest.raises(ConflictFault, match=code):
        changed(ANA, wanted)


def test_what_is_not_said_stays() -> None:
    after = changed(ANA, PersonChange(email="ana@example.org"))
    assert (after.groups, after.email) == (ANA.groups, "ana@example.org")
