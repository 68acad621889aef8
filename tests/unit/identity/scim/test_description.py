"""Which mail addresses providers may send, and that nobody else is touched by taking them."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from scim2_models import User

import assent
from assent.identity.scim.description import Person

SOURCES = Path(assent.__file__).parent


def read(address: str) -> str | None:
    said = {"schemas": [str(User.__schema__)], "userName": "ana", "emails": [{"value": address}]}
    emails = Person.model_validate(said).emails
    assert emails
    return emails[0].value


def test_addresses_within_the_walls_of_a_company_are_taken_and_what_is_none_is_not() -> None:
    assert read("ana@corp.local") == "ana@corp.local"
    with pytest.raises(ValidationError, match="email"):
        read("ana at corp")


def test_nothing_but_what_providers_send_is_checked_by_the_list_that_is_emptied_for_it() -> None:
    # The list is the process's own: whoever checks addresses by it has to know that it is empty.
    using = {
        str(path.relative_to(SOURCES))
        for path in SOURCES.rglob("*.py")
        if {"email_validator", "EmailStr", "validate_email"} & set(words(path))
    }
    assert using == {"identity/scim/description.py"}


def words(path: Path) -> list[str]:
    marks = str.maketrans(dict.fromkeys(".,:()[]|=\n", " "))
    return path.read_text(encoding="utf-8").translate(marks).split()
