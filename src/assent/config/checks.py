"""Whether the tree as a whole can work: what no start should find out later."""

import re
from collections import Counter
from collections.abc import Sequence
from ipaddress import ip_network

from assent.config.audit import check_audit
from assent.config.credentials import check_broker, check_vault
from assent.config.devices import check_devices
from assent.config.protocols.checks import check_http_door, check_protocol
from assent.config.roles import check_roles
from assent.config.sections import Config, RiskConfig
from assent.config.settings import (
    budget,
    canary_every,
    column_rules,
    longest_grant_s,
    own_patterns,
    pace,
    recognised,
)
from assent.config.sign_in import sign_in_rules
from assent.config.store import check_store
from assent.config.values import REFERENCES, check_name, one_of, parse_day, split_address, time_zone
from assent.content.detectors import Scanner
from assent.core.faults import OperatorFault
from assent.exporters.settings import check_exporters
from assent.identity.settings import check_links, check_oidc, check_scim
from assent.intelligence.settings import check_issue_tracker, check_on_call
from assent.notifiers.settings import check_addresses, check_channels, check_notifiers
from assent.stores.recordings.settings import check_recordings

_LABEL = re.compile(r"(?=.{1,80}\Z)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*", re.ASCII)
_MOST_PATTERNS = 200


def check(config: Config, place: str) -> None:
    """Raise OperatorFault, with its place, for the first thing that cannot work."""
    split_address(config.server.listen, f"{place}:[server] listen")
    split_address(config.postgres.listen, f"{place}:[postgres] listen")
    for name in ("ssh", "http", "tcp"):
        door = getattr(config, name)
        if door.listen:
            split_address(door.listen, f"{place}:[{name}] listen")
        if door.most_connections < 1:
            words = f"{door.most_connections} lets nobody in; write 1 or more"
            raise OperatorFault("config-value", words, f"{place}:[{name}] most_connections")
    _check_doors(config, place)
    check_http_door(config.http, f"{place}:[http]")
    check_store(config.store, f"{place}:[store]")
    _check_risk(config.risk, f"{place}:[risk]")
    check_vault(config.vault, f"{place}:[vault]")
    check_audit(config.audit, bool(config.vault.address), f"{place}:[audit]")
    check_recordings(config.recordings, f"{place}:[recordings]")
    _check_labels(config, place)
    _check_watching(config, place)
    pace(config, place)
    sign_in_rules(config.sign_in, f"{place}:[sign_in]")
    check_roles(config.roles, f"{place}:[roles]")
    check_on_call(config.on_call, f"{place}:[[on_call]]")
    check_issue_tracker(config.issue_tracker, f"{place}:[issue_tracker]")
    check_notifiers(config.notifiers, f"{place}:[[notifiers]]")
    check_channels(config.notify.channels, config.notifiers, f"{place}:[notify] channels")
    check_exporters(config.exporters, f"{place}:[[exporters]]")
    check_oidc(config.oidc, f"{place}:[[oidc]]")
    check_scim(config.scim, config.oidc, f"{place}:[scim]")
    links = [(person.name, person.oidc) for person in config.people]
    check_links(links, config.oidc, f"{place}:[[people]]")
    for group in config.policies.groups:
        check_name(group, f"{place}:[policies] groups")
    certificates = config.postgres.client_certificates
    check_devices(config.devices, config.device_managers, certificates, place)
    _check_names(config, place)
    _check_people(config, place)
    _check_targets(config, place)


def _check_doors(config: Config, place: str) -> None:
    one_of(config.postgres.tls, ("", "offer", "require"), f"{place}:[postgres] tls")
    if config.postgres.most_connections < 1:
        words = f"{config.postgres.most_connections} lets nobody in; write 1 or more"
        raise OperatorFault("config-value", words, f"{place}:[postgres] most_connections")
    if config.postgres.key and not config.postgres.certificate:
        words = "is the key of no certificate; name `certificate` as well"
        raise OperatorFault("config-value", words, f"{place}:[postgres] key")
    url = config.server.public_url
    if url and not url.startswith(("https://", "http://")):
        words = f"`{url[:80]}` must begin with `https://` or `http://`"
        raise OperatorFault("config-value", words, f"{place}:[server] public_url")
    _check_proxies(config.server.proxies, f"{place}:[server] proxies")
    origin = config.server.origin
    if not origin or "+" in origin or any(not "!" <= letter <= "~" for letter in origin):
        words = f"`{origin[:80]}` must be printable ASCII without spaces and `+`"
        raise OperatorFault("config-value", words, f"{place}:[server] origin")


def _check_proxies(proxies: Sequence[str], place: str) -> None:
    for text in proxies:
        try:
            ip_network(text)
        except ValueError as error:
            words = f"`{text[:80]}` is no address and no network; write such as `127.0.0.1`"
            raise OperatorFault("config-value", words, place) from error


def _check_risk(risk: RiskConfig, place: str) -> None:
    if not 0 < risk.medium_from < risk.high_from <= 100:
        words = "must be 0 < `medium_from` < `high_from` <= 100"
        raise OperatorFault("config-value", words, place)
    budget(risk, place)


def _check_labels(config: Config, place: str) -> None:
    for section, labels in (
        ("label_rules", [rule.label for rule in config.label_rules]),
        ("detectors", [detector.label for detector in config.detectors]),
    ):
        if len(labels) > _MOST_PATTERNS:
            words = f"are more than {_MOST_PATTERNS}; join some of them with `|`"
            raise OperatorFault("config-value", words, f"{place}:[[{section}]]")
        for number, label in enumerate(labels, 1):
            if not _LABEL.fullmatch(label):
                words = f"`{label[:80]}` is no label; write letters, digits, `_-` and `.`"
                raise OperatorFault("config-value", words, f"{place}:[[{section}]] {number} label")
    column_rules(config, f"{place}:")
    Scanner(recognised(config), own_patterns(config, f"{place}:"))


def _check_watching(config: Config, place: str) -> None:
    canary_every(config.canary, f"{place}:[canary]")
    reaction = config.reactions.on_compromise
    one_of(reaction, ("revoke", "decide"), f"{place}:[reactions] on_compromise")
    token = config.metrics.token
    if token and not token.startswith(REFERENCES):
        words = "must be a reference: `file:PATH` or `env:NAME`"
        raise OperatorFault("config-reference", words, f"{place}:[metrics] token")


def _check_names(config: Config, place: str) -> None:
    for names, what in (
        ([person.name for person in config.people], "[[people]]"),
        ([target.name for target in config.targets], "[[targets]]"),
    ):
        for name, times in Counter(names).items():
            if times > 1:
                raise OperatorFault(
                    "config-duplicate", f"`{name[:80]}` is there twice", f"{place}:{what}"
                )
            check_name(name, f"{place}:{what} name")


def _check_people(config: Config, place: str) -> None:
    for person in config.people:
        for group in person.groups:
            check_name(group, f"{place}:[[people]] {person.name} groups")
        for day, key in ((person.since, "since"), (person.verified_on, "verified_on")):
            parse_day(day, f"{place}:[[people]] {person.name} {key}")
        time_zone(person.time_zone, f"{place}:[[people]] {person.name} time_zone")
        check_addresses(person.email, person.slack, f"{place}:[[people]] {person.name}")


def _check_targets(config: Config, place: str) -> None:
    for target in config.targets:
        for group in target.owners:
            check_name(group, f"{place}:[[targets]] {target.name} owners")
        where = f"{place}:[[targets]] {target.name}"
        check_protocol(target, where)
        one_of(target.estimate, ("all", "writes", "off"), f"{where} estimate")
        one_of(target.tls, ("disable", "prefer", "require", "verify"), f"{where} tls")
        check_broker(target, config.vault, where)
        longest_grant_s(target, f"{where} longest_grant")
        if not 0 < target.port <= 65535:
            raise OperatorFault("config-port", f"{target.port} is no port", f"{where} port")
        for name in (target.database, *target.databases):
            if not 0 < len(name.encode()) <= 63 or "\0" in name:
                words = f"`{name[:80]}` must have 1 to 63 bytes, as PostgreSQL's names do"
                raise OperatorFault("config-name", words, f"{where} databases")
