"""Where each person is reached."""

from collections.abc import Callable, Mapping

from assent.core.subject import Subject

Addresses = Callable[[Subject, str], str | None]
"""The address of somebody of a kind (`email`, `slack`), None where it is not known."""


class AddressBook:
    """Addresses that the operator wrote down. by_name: name → kind → address."""

    def __init__(self, by_name: Mapping[str, Mapping[str, str]]) -> None:
        self._by_name = by_name

    def __call__(self, person: Subject, kind: str) -> str | None:
        """Return the address of that kind, None where there is none."""
        return self._by_name.get(person.name, {}).get(kind) or None
