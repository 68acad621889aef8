"""Whom the reader trusts: logs, witnesses, and how many of them are enough (C2SP tlog-policy)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assent_verify.notes import COSIGNATURE, COSIGNATURE_ML_DSA_44, ED25519, Key, parse_key

MAX_POLICY_BYTES = 1_000_000
NONE = "none"

_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SPACE = re.compile(r"[ \t]+")
_COUNT = re.compile(r"[1-9][0-9]{0,5}")


@dataclass(frozen=True, slots=True)
class Group:
    """Members, witnesses or groups, of whom `least` must have seen a checkpoint."""

    least: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Whom the reader trusts. quorum: name of a witness or a group, or `none`."""

    logs: tuple[Key, ...] = ()
    witnesses: dict[str, Key] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str = NONE

    def is_met(self, seen: Iterable[Key]) -> bool:
        """Return whether a checkpoint that these witnesses cosigned has enough of them."""
        return self.quorum == NONE or self._counts(self.quorum, frozenset(seen))

    def _counts(self, name: str, seen: frozenset[Key]) -> bool:
        if name in self.witnesses:
            return self.witnesses[name] in seen
        group = self.groups[name]
        return sum(self._counts(member, seen) for member in group.members) >= group.least


def of_keys(keys: Sequence[Key]) -> Policy:
    """Return a policy that trusts these logs and asks for no witness."""
    return Policy(logs=tuple(keys))


def parse_policy(text: str) -> Policy:
    """Return what a policy file says. Raises ValueError that names the line."""
    if _FORBIDDEN.search(text):
        raise ValueError("a policy has no control characters but tabs and newlines")
    reading = _Reading()
    for number, line in enumerate(text.split("\n"), 1):
        words = [word for word in _SPACE.split(line) if word]
        if not words or words[0].startswith("#"):
            continue
        try:
            reading.take(words)
        except ValueError as error:
            raise ValueError(f"line {number} of the policy: {error}") from error
    if reading.quorum is None:
        raise ValueError("a policy has one line `quorum`; `quorum none` asks for no witness")
    return Policy(tuple(reading.logs), reading.witnesses, reading.groups, reading.quorum)


class _Reading:
    def __init__(self) -> None:
        self.logs: list[Key] = []
        self.witnesses: dict[str, Key] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._members: set[str] = set()

    def take(self, words: list[str]) -> None:
        match words:
            case ["log", key] | ["log", key, _]:
                self._log(parse_key(key))
            case ["witness", name, key] | ["witness", name, key, _]:
                self._witness(name, parse_key(key))
            case ["group", name, least, *members] if members:
                self._group(name, least, members)
            case ["quorum", name]:
                if self.quorum is not None:
                    raise ValueError("there is more than one quorum")
                if name != NONE:
                    self._check_known(name)
                self.quorum = name
            case _:
                raise ValueError(
                    "expected `log <key> [url]`, `witness <name> <key> [url]`,"
                    " `group <name> <number|any|all> <name>…` or `quorum <name|none>`"
                )

    def _log(self, key: Key) -> None:
        if key.kind != ED25519:
            raise ValueError("the key of a log is of kind 1, ed25519")
        if any(one.public == key.public for one in self.logs):
            raise ValueError("this log is there twice")
        self.logs.append(key)

    def _witness(self, name: str, key: Key) -> None:
        self._check_new(name)
        if key.kind not in (COSIGNATURE, COSIGNATURE_ML_DSA_44):
            raise ValueError("the key of a witness is of kind 4, ed25519, or 6, ml-dsa-44")
        if any(one.public == key.public for one in self.witnesses.values()):
            raise ValueError("this witness is there twice")
        self.witnesses[name] = key

    def _group(self, name: str, least: str, members: list[str]) -> None:
        self._check_new(name)
        for member in members:
            self._check_known(member)
            # Each counts in one place only, or one witness could stand for two.
            if member in self._members:
                raise ValueError(f"`{member[:80]}` is a member of a group already")
            self._members.add(member)
        named = {"all": len(members), "any": 1}
        count = named.get(least) or (int(least) if _COUNT.fullmatch(least) else 0)
        if not 1 <= count <= len(members):
            raise ValueError(f"a threshold is `any`, `all` or 1 to {len(members)}")
        self.groups[name] = Group(count, tuple(members))

    def _check_new(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise ValueError(f"the name `{name[:80]}` is taken")

    def _check_known(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise ValueError(f"no line before it defines `{name[:80]}`")
