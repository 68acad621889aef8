"""The people and targets of the configuration, as the directory takes them."""

from dataclasses import asdict
from pathlib import Path

from assent.config import (
    Config,
    PersonConfig,
    TargetConfig,
    applicable_targets,
    longest_grant_s,
    parse_day,
)
from assent.control import administration
from assent.credentials.references import reveal_reference
from assent.notifiers.address_book import AddressBook


def described_targets(config: Config, text: str) -> list[administration.TargetDescription]:
    """Return the targets of a `targets.toml` that is to be applied. Raises OperatorFault."""
    return [described_target(target, config.folder) for target in applicable_targets(config, text)]


def described_person(person: PersonConfig, folder: Path) -> administration.Person:
    """Return somebody of `[[people]]`, with the hash that their reference leads to."""
    hashed = reveal_reference(person.password, folder) if person.password else None
    return administration.Person(
        person.name,
        person.display_name,
        frozenset(person.groups),
        person.disabled,
        hashed,
        since=parse_day(person.since, "since"),
        time_zone=person.time_zone,
        verified=not person.unverified,
        verified_by=person.verified_by,
        verified_at=parse_day(person.verified_on, "verified_on"),
    )


def described_target(target: TargetConfig, folder: Path) -> administration.TargetDescription:
    """Return one of `[[targets]]`. folder: what a relative path starts from."""
    authority = target.certificate_authority and str(folder / target.certificate_authority)
    is_ssh = target.protocol == "ssh"
    return administration.TargetDescription(
        name=target.name,
        protocol=target.protocol,
        host=target.host,
        port=target.port,
        database=target.user if is_ssh else target.database,
        user=target.user,
        credential=target.password,
        environment=target.environment,
        tls=target.tls,
        certificate_authority=authority,
        owners=frozenset(target.owners),
        labels={name: frozenset(labels) for name, labels in target.labels.items()},
        search_path=target.search_path if target.protocol == "postgres" else (),
        databases=target.ssh.accounts if is_ssh else target.databases,
        estimate=target.estimate,
        count_exactly=target.count_exactly,
        without_catalogue=target.unsafe_without_catalogue,
        longest_grant_s=longest_grant_s(target, "longest_grant"),
        options=_options(target, folder),
    )


def _options(target: TargetConfig, folder: Path) -> dict[str, str | tuple[str, ...]]:
    """Return what only targets of this protocol say, without what is as usual."""
    tables = {"ssh": target.ssh, "http": target.http, "mcp": target.mcp}
    if target.protocol not in tables:
        return {}
    found = asdict(tables[target.protocol])  # type: ignore[call-overload]
    if found.get("openapi"):
        found["openapi"] = str(folder / found["openapi"])
    return {key: value for key, value in found.items() if value}


def addresses(config: Config) -> AddressBook:
    """Return where people are told of something, by channel."""
    return AddressBook(
        {person.name: {"email": person.email, "slack": person.slack} for person in config.people}
    )
