"""What the configuration says of identity providers: who signs people in, and who provisions."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from assent.core.faults import OperatorFault
from assent.core.role import Role
from assent.policy.durations import parse_duration

_REFERENCES = ("file:", "env:")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_NAME = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)
_GROUP = re.compile(r"[A-Za-z0-9._@-]{1,63}", re.ASCII)
_MOST_PROVIDERS = 10
_LONGEST_SESSION_S = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class OidcConfig:
    """`[[oidc]]`: an OpenID Connect provider that people sign in with.

    name: what addresses and the log call it, such as `corp`. display_name: what its button
    says; by default the name. issuer: its issuer, exactly as it writes it itself. client_id,
    client_secret: what we are registered as there; the secret is a reference (`file:…`,
    `env:…`), none for a public client. scopes: what is asked for beside `openid`. name_claim: the
    claim with the name that people have here. groups_claim: the claim with their groups. groups:
    a value of it → the group that policies name. group_prefix: instead, the values that begin so
    are groups, under the rest of their name. all_groups: instead, every value is a group. roles: a
    value of `roles_claim`, or of `groups_claim` without one → a role of ours. acr_values: how
    strongly they must have proved who they are, one of these. max_age: how long ago that may be,
    such as `8h`. session: how long they are signed in here at most. logout: signing out here signs
    them out there, too. certificate_authority: PEM file, if its certificate is your own.
    """

    name: str
    issuer: str
    client_id: str
    client_secret: str = ""
    display_name: str = ""
    scopes: tuple[str, ...] = ("profile", "email", "groups")
    name_claim: str = "preferred_username"
    groups_claim: str = "groups"
    groups: Mapping[str, str] = field(default_factory=dict)
    group_prefix: str = ""
    all_groups: bool = False
    roles_claim: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)
    acr_values: tuple[str, ...] = ()
    max_age: str = ""
    session: str = "12h"
    logout: bool = True
    certificate_authority: str = ""


@dataclass(frozen=True, slots=True)
class ScimConfig:
    """`[scim]`: who an identity provider may put here by SCIM 2.0, at `/scim/v2`.

    enabled: whether it may. groups: the display name of a group there → the group that policies
    name; a group that is not named keeps its own name. roles: a value of `roles`, or the display
    name of a group → a role of ours. sign_in_with: the name of an `[[oidc]]` that signs in whom
    SCIM put here, by the same name.
    """

    enabled: bool = False
    groups: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    sign_in_with: str = ""


def check_oidc(providers: Sequence[OidcConfig], place: str) -> None:
    """Raise OperatorFault for the first thing that is wrong with the providers."""
    if len(providers) > _MOST_PROVIDERS:
        raise _wrong(f"are more than {_MOST_PROVIDERS}", place)
    seen: set[str] = set()
    for number, one in enumerate(providers, 1):
        where = f"{place} {number}"
        if not _NAME.fullmatch(one.name):
            words = f"`{one.name[:80]}` must be 1 to 32 of small letters, digits and `-`"
            raise _wrong(words, f"{where} name")
        if one.name in seen:
            raise _wrong(f"`{one.name}` is there twice", f"{where} name")
        seen.add(one.name)
        _check_provider(one, f"{place} {one.name}")


def check_scim(scim: ScimConfig, providers: Sequence[OidcConfig], place: str) -> None:
    """Raise OperatorFault for the first thing that is wrong with it."""
    _check_groups(scim.groups.values(), f"{place} groups")
    _check_roles(scim.roles, f"{place} roles")
    if scim.sign_in_with and scim.sign_in_with not in {one.name for one in providers}:
        words = f"`{scim.sign_in_with[:80]}` is the name of no `[[oidc]]`"
        raise _wrong(words, f"{place} sign_in_with")


def check_links(
    links: Sequence[tuple[str, str]], providers: Sequence[OidcConfig], place: str
) -> None:
    """Raise OperatorFault for a link to a provider that leads nowhere, or to two people.

    links: the name of somebody, and their `oidc`.
    """
    known, seen = {one.name for one in providers}, set[str]()
    for name, link in links:
        where = f"{place} {name} oidc"
        provider, colon, external = link.partition(":")
        if link and (not colon or not external or provider not in known):
            words = f"`{link[:80]}` must be `NAME:SUB`, with the name of one of `[[oidc]]`"
            raise _wrong(words, where)
        if link and link in seen:
            raise _wrong(f"`{link[:80]}` is somebody else's, too", where)
        seen.add(link)


def max_age_s(one: OidcConfig, place: str) -> int | None:
    """Return how many seconds ago people may have proved who they are, None for any."""
    return _seconds(one.max_age, f"{place} max_age") if one.max_age else None


def session_s(one: OidcConfig, place: str) -> int:
    """Return how many seconds people are signed in at most."""
    return _seconds(one.session, f"{place} session")


def _check_provider(one: OidcConfig, place: str) -> None:
    _check_issuer(one.issuer, f"{place} issuer")
    if not one.client_id:
        raise _wrong("is empty; write what the provider calls this gateway", f"{place} client_id")
    if one.client_secret and not one.client_secret.startswith(_REFERENCES):
        # Without its text: it may be the secret itself.
        raise _wrong("must be a reference: `file:PATH` or `env:NAME`", f"{place} client_secret")
    ways = sum((bool(one.groups), bool(one.group_prefix), one.all_groups))
    if ways > 1:
        raise _wrong("needs one of `groups`, `group_prefix`, `all_groups`", place)
    _check_groups(one.groups.values(), f"{place} groups")
    _check_roles(one.roles, f"{place} roles")
    max_age_s(one, place)
    if session_s(one, place) > _LONGEST_SESSION_S:
        raise _wrong(f"`{one.session[:80]}` is more than 7 days", f"{place} session")


def _check_issuer(text: str, place: str) -> None:
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        raise _wrong(f"`{text[:80]}` is no address", place) from None
    if url.scheme not in ("http", "https") or not host or url.query or url.fragment or url.username:
        raise _wrong(f"`{text[:80]}` is no address such as `https://id.example.org`", place)
    if url.scheme == "http" and host not in _LOOPBACK:
        words = "who people are would cross the network in the clear; write `https://`"
        raise _wrong(words, place)


def _check_groups(names: Iterable[str], place: str) -> None:
    for name in names:
        if not _GROUP.fullmatch(name):
            words = f"`{name[:80]}` must be 1 to 63 of letters, digits and `.-_@`"
            raise _wrong(words, place)


def _check_roles(roles: Mapping[str, str], place: str) -> None:
    known = {role.value for role in Role}
    for name in roles.values():
        if name not in known:
            words = ", ".join(f"`{role}`" for role in sorted(known))
            raise _wrong(f"`{name[:80]}` is none of {words}", place)


def _seconds(text: str, place: str) -> int:
    try:
        seconds = int(parse_duration(text).total_seconds())
    except ValueError as error:
        raise _wrong(str(error), place) from None
    if seconds < 1:
        raise _wrong("must be a second at least", place)
    return seconds


def _wrong(words: str, place: str) -> OperatorFault:
    return OperatorFault("config-value", words, place)
