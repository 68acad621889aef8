"""Whom and what a client's user name says: `ana`, `ana:web1`, `ana:deploy@web1`."""

from dataclasses import dataclass

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Named:
    """A user name, taken apart. target, account: empty where it says none."""

    person: str
    target: str = ""
    account: str = ""


def named(user: str) -> Named | None:
    """Return what a user name says, None for one that says nothing that could be.

    People's names may be addresses of mail, so the first `:` ends them; accounts and targets
    have no `@` in them, as in `ssh ACCOUNT@TARGET`.
    """
    if not user or len(user) > _LONGEST:
        return None
    person, colon, rest = user.partition(":")
    if not person or (colon and not rest):
        return None
    account, at, target = rest.rpartition("@")
    if at and not (account and target):
        return None
    return Named(person, target, account)
