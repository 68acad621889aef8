"""Digests of what the configuration and the risk model say, so that a change of them shows.

Of the configuration they are made with a key of this installation: what somebody's address or a
short word is cannot be guessed from its digest.
"""

import hmac
import importlib
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from hashlib import sha256
from importlib.resources import files

from assent.config import Config
from assent.control.administration import Person
from assent.core.secret import Secret

_NOT_SECTIONS = frozenset({"folder", "people"})
_MODEL = ("assent.risk", "assent.signals")


def of_configuration(
    config: Config, people: Iterable[Person], key: Secret[bytes]
) -> Mapping[str, str]:
    """Return a digest of each key of each section, and one of each item that has a name.

    people: with the hashes of their passwords, which the configuration only refers to.
    """
    found: dict[str, str] = {}

    def put(name: str, value: object) -> None:
        found[name] = hmac.digest(key.reveal(), f"{name}\n{value!r}".encode(), "sha256").hex()

    for section in fields(config):
        value = getattr(config, section.name)
        if section.name in _NOT_SECTIONS:
            continue
        if is_dataclass(value):
            for each in fields(value):
                put(f"{section.name}.{each.name}", getattr(value, each.name))
        else:
            for number, item in enumerate(value, 1):
                put(f"{section.name}.{getattr(item, 'name', number)}", item)
    hashes = {one.name: one.password_hash.reveal() if one.password_hash else "" for one in people}
    for person in config.people:
        put(f"people.{person.name}", (person, hashes.get(person.name)))
    return found


def of_risk_model(packages: Iterable[str] = _MODEL) -> Mapping[str, str]:
    """Return a digest of the source of each module of the risk model, constants and all."""
    found = {}
    for package in packages:
        folder = files(importlib.import_module(package))
        for item in folder.iterdir():
            if item.name.endswith(".py"):
                name = f"{package}.{item.name.removesuffix('.py')}".removesuffix(".__init__")
                found[name] = sha256(item.read_bytes()).hexdigest()
    return dict(sorted(found.items()))
