"""Configuration: one frozen tree from one TOML file. Unknown keys stop the start.

Every key is described where it stands; `docs/reference/configuration.md` is written from here.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assent.content.column_rules import ColumnRule, ColumnRules
from assent.content.detectors import LABELS, Scanner
from assent.content.patterns import OwnPattern
from assent.control.choosing import Pace
from assent.control.own_target import CANARY
from assent.core.faults import OperatorFault
from assent.intelligence.settings import (
    IssueTrackerConfig,
    OnCallConfig,
    check_issue_tracker,
    check_on_call,
)
from assent.notifiers.settings import (
    NotifierConfig,
    check_addresses,
    check_channels,
    check_notifiers,
)
from assent.policy import parse_duration
from assent.risk.budget import Budget

_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """`[server]`: the API, the pages and where data is kept.

    data: folder of the store, the log, the recordings and the keys; relative to this file.
    listen: `host:port` of API and pages; port 0 takes a free one.
    public_url: what links in notices start with; by default the address listened on.
    origin: name of the audit log, part of every checkpoint; never change it.
    """

    data: str = "data"
    listen: str = "127.0.0.1:8470"
    public_url: str = ""
    origin: str = "assent.local/audit"


@dataclass(frozen=True, slots=True)
class PostgresConfig:
    """`[postgres]`: the PostgreSQL gateway.

    listen: `host:port`; port 0 takes a free one. tls: `offer` or `require`; by default
    `require` unless it listens on loopback only. certificate, key: PEM files; without them a
    development certificate is made in the data folder. most_connections: clients at once.
    """

    listen: str = "127.0.0.1:6432"
    tls: str = ""
    certificate: str = ""
    key: str = ""
    most_connections: int = 1000


@dataclass(frozen=True, slots=True)
class PoliciesConfig:
    """`[policies]`: folder: of `*.cedar` files, relative to this file."""

    folder: str = "policies"


@dataclass(frozen=True, slots=True)
class PersonConfig:
    """`[[people]]`: somebody who may sign in.

    name: what they sign in with. display_name: how others see them; by default the name.
    groups: what policies call them by. password: a reference (`file:…`, `env:…`) to the
    Argon2 hash of it. disabled: nothing is permitted any more. since: the day they began, such
    as `2024-05-01`. time_zone: where their day is, such as `Europe/Berlin`; without it hours
    are UTC's. verified_by, verified_on: who confirmed that these groups are theirs, and when.
    unverified: nobody confirmed it, and nothing they do is low risk then. email: where mail
    reaches them. slack: their member id there, such as `U024BE7LH`, by which they are mentioned.
    """

    name: str
    display_name: str = ""
    groups: tuple[str, ...] = ()
    password: str = ""
    disabled: bool = False
    since: str = ""
    time_zone: str = ""
    verified_by: str = ""
    verified_on: str = ""
    unverified: bool = False
    email: str = ""
    slack: str = ""


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """`[network]`: files that say where addresses are; all optional, read again when they change.

    city, country, asn, anonymous: MaxMind databases (`.mmdb`). hosting_networks: a list of the
    numbers of autonomous systems that rent out machines; needs `asn`. reputation: a list of
    addresses with bad reports, each with their number if there is one. lists: `vpn`, `tor`,
    `hosting`, `proxy` → a list of addresses and networks. zones: name → networks of your own,
    such as `office = ["192.0.2.0/24"]`.
    """

    city: str = ""
    country: str = ""
    asn: str = ""
    anonymous: str = ""
    hosting_networks: str = ""
    reputation: str = ""
    lists: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RiskConfig:
    """`[risk]`: when people are asked.

    medium_from, high_from: the first score, of 100, of these levels. step_up_budget,
    approval_budget: instead of them, the share of actions that may reach medium, and high, such
    as `2%` and `0.5%`; the levels of each environment then follow what is usual there, once 500
    actions were seen.
    """

    medium_from: int = 25
    high_from: int = 60
    step_up_budget: str = ""
    approval_budget: str = ""


@dataclass(frozen=True, slots=True)
class TargetConfig:
    """`[[targets]]`: what can be reached.

    name: what clients call it. host, port: where it listens. user: the role that the gateway
    speaks to it as. password: a reference (`file:…`, `env:…`, `vault:MOUNT/data/PATH#FIELD`) to
    that role's, which never leaves the gateway. broker: what sessions speak to it as: `static`,
    as that role; `postgres_role`, as a role of their own, which that role makes; or
    `vault_database`, as a user that Vault makes. vault_role: by which mount and role of a
    database engine of Vault's, such as `database/shop`. protocol: `postgres`. database: the one
    that clients get when they name none. environment: `prod`, `dev`, … as policies name it.
    owners: groups who answer for it. tls: `disable`, `prefer`, `require` or `verify`.
    certificate_authority: PEM file for `verify`. labels: a column, table or schema
    (`schema.table.column`), or the database → labels; for a column, `[]` says that no rule counts.
    search_path: schemas in which an unqualified name is looked up. databases: further ones
    of the same server that clients may name as `TARGET/DATABASE`; none by default. Names in
    them begin with the database, in policies and labels: `database.schema.table`. estimate:
    which statements its planner is asked about before they run, so that people see how many rows
    they would hit: `all`, `writes` or `off`. count_exactly: in a transaction, also count what a
    change would hit, which may read as much as the change itself. unsafe_without_catalogue: do
    not read what the database holds; views, functions and triggers are then not looked through,
    and nothing can be masked. longest_grant: no access to it lasts longer, whatever policies
    permit, such as `4h`; no such limit by default.
    """

    name: str
    host: str
    user: str
    password: str
    broker: str = "static"
    vault_role: str = ""
    protocol: str = "postgres"
    port: int = 5432
    database: str = "postgres"
    environment: str = "dev"
    owners: tuple[str, ...] = ()
    tls: str = "prefer"
    certificate_authority: str = ""
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    search_path: tuple[str, ...] = ("public",)
    databases: tuple[str, ...] = ()
    estimate: str = "all"
    count_exactly: bool = False
    unsafe_without_catalogue: bool = False
    longest_grant: str = ""


@dataclass(frozen=True, slots=True)
class LabelRuleConfig:
    """`[[label_rules]]`: columns of such a name have a label, on every target.

    pattern: of RE2, found anywhere in a column's name, such as `(?i)e_?mail`. label: what they
    are labelled as. table: found anywhere in `schema.table`; every table if there is none.
    """

    pattern: str
    label: str
    table: str = ""


@dataclass(frozen=True, slots=True)
class DetectorConfig:
    """`[[detectors]]`: what values of a label look like, beside what Assent knows itself.

    label: of your own, or one that is known, such as `pii.email`. pattern: of RE2, found
    anywhere in a value.
    """

    label: str
    pattern: str


@dataclass(frozen=True, slots=True)
class VaultConfig:
    """`[vault]`: where references `vault:…` are read, and users of `vault_database` are made.

    address: its URL; `http://` only for this machine. token: a reference (`file:…`, `env:…`) to
    a token. role_id, secret_id: instead of it, references to those of an AppRole. approle: where
    that way to log in is mounted. namespace: of the enterprise edition. certificate_authority: PEM
    file, if its certificate is your own.
    """

    address: str = ""
    token: str = ""
    role_id: str = ""
    secret_id: str = ""
    approle: str = "approle"
    namespace: str = ""
    certificate_authority: str = ""


@dataclass(frozen=True, slots=True)
class CanaryConfig:
    """`[canary]`: a session of the gateway's own, which shows all day that revocation works.

    every: how often one is opened and cut, such as `60s`, at least 5 seconds; `off` for never.
    """

    every: str = "60s"


@dataclass(frozen=True, slots=True)
class ReactionsConfig:
    """`[reactions]`: what is done because of what others report.

    on_compromise: what becomes of the grants of somebody whose credential or sessions were
    reported as compromised: `revoke`, or `decide`, to leave it to the policies.
    """

    on_compromise: str = "revoke"


@dataclass(frozen=True, slots=True)
class MetricsConfig:
    """`[metrics]`: who may read `/metrics` beside this machine and those who oversee.

    token: a reference (`file:…`, `env:…`) to a bearer token of a monitoring system.
    """

    token: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalsConfig:
    """`[approvals]`: how fast more people are told of a request.

    widen_after: how long those who were asked first have, such as `2m`, and as long again for
    those after them; at most a third of the time that a request waits. remind_every: when those
    who were asked are reminded, such as `5m`, and then after twice the time each.
    """

    widen_after: str = "2m"
    remind_every: str = "5m"


@dataclass(frozen=True, slots=True)
class NotifyConfig:
    """`[notify]`: what goes out by the channels of `[[notifiers]]`.

    channels: names of those for what is not loud; all of them by default. statements: also say
    the text of a held statement, up to 500 characters; what is in it, a policy may mask elsewhere.
    """

    channels: tuple[str, ...] = ()
    statements: bool = False


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file. folder: where it lies; relative paths in it start there."""

    server: ServerConfig = field(default_factory=ServerConfig)
    postgres: PostgresConfig = field(default_factory=PostgresConfig)
    policies: PoliciesConfig = field(default_factory=PoliciesConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    risk: RiskConfig = field(default_factory=RiskConfig)
    vault: VaultConfig = field(default_factory=VaultConfig)
    canary: CanaryConfig = field(default_factory=CanaryConfig)
    reactions: ReactionsConfig = field(default_factory=ReactionsConfig)
    metrics: MetricsConfig = field(default_factory=MetricsConfig)
    approvals: ApprovalsConfig = field(default_factory=ApprovalsConfig)
    notify: NotifyConfig = field(default_factory=NotifyConfig)
    issue_tracker: IssueTrackerConfig = field(default_factory=IssueTrackerConfig)
    on_call: tuple[OnCallConfig, ...] = ()
    notifiers: tuple[NotifierConfig, ...] = ()
    people: tuple[PersonConfig, ...] = ()
    targets: tuple[TargetConfig, ...] = ()
    label_rules: tuple[LabelRuleConfig, ...] = ()
    detectors: tuple[DetectorConfig, ...] = ()
    folder: Path = Path()

    @property
    def groups(self) -> frozenset[str]:
        """Every group that somebody is in or that owns a target: what policies may name."""
        members = {group for person in self.people for group in person.groups}
        return frozenset(members.union(*(target.owners for target in self.targets)))


def load(path: Path) -> Config:
    """Return the configuration in the file `path`.

    Raises OperatorFault naming the file, the key, what was expected and what to do.
    """
    try:
        data = path.read_bytes()[: _LARGEST + 1]
    except OSError as fault:
        raise OperatorFault(
            "config-missing", f"cannot be read ({fault.strerror}); name it with --config", str(path)
        ) from fault
    if len(data) > _LARGEST:
        raise OperatorFault("config-too-large", "is larger than 1 MiB", str(path))
    try:
        tree = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise OperatorFault("config-syntax", f"is not TOML: {fault}", str(path)) from fault
    return parse(tree, str(path), path.resolve().parent)


def parse(tree: Mapping[str, Any], place: str, folder: Path) -> Config:
    """Return the configuration of a parsed TOML tree. Raises OperatorFault as `load` does."""
    known = {item.name for item in fields(Config)} - {"folder"}
    _refuse_unknown(tree, known, place)
    config = Config(
        server=_section(ServerConfig, tree.get("server", {}), f"{place}:[server]"),
        postgres=_section(PostgresConfig, tree.get("postgres", {}), f"{place}:[postgres]"),
        policies=_section(PoliciesConfig, tree.get("policies", {}), f"{place}:[policies]"),
        network=_section(NetworkConfig, tree.get("network", {}), f"{place}:[network]"),
        risk=_section(RiskConfig, tree.get("risk", {}), f"{place}:[risk]"),
        vault=_section(VaultConfig, tree.get("vault", {}), f"{place}:[vault]"),
        canary=_section(CanaryConfig, tree.get("canary", {}), f"{place}:[canary]"),
        reactions=_section(ReactionsConfig, tree.get("reactions", {}), f"{place}:[reactions]"),
        metrics=_section(MetricsConfig, tree.get("metrics", {}), f"{place}:[metrics]"),
        approvals=_section(ApprovalsConfig, tree.get("approvals", {}), f"{place}:[approvals]"),
        notify=_section(NotifyConfig, tree.get("notify", {}), f"{place}:[notify]"),
        issue_tracker=_section(
            IssueTrackerConfig, tree.get("issue_tracker", {}), f"{place}:[issue_tracker]"
        ),
        on_call=_sections(OnCallConfig, tree.get("on_call", []), f"{place}:[[on_call]]"),
        notifiers=_sections(NotifierConfig, tree.get("notifiers", []), f"{place}:[[notifiers]]"),
        people=_sections(PersonConfig, tree.get("people", []), f"{place}:[[people]]"),
        targets=_sections(TargetConfig, tree.get("targets", []), f"{place}:[[targets]]"),
        label_rules=_sections(
            LabelRuleConfig, tree.get("label_rules", []), f"{place}:[[label_rules]]"
        ),
        detectors=_sections(DetectorConfig, tree.get("detectors", []), f"{place}:[[detectors]]"),
        folder=folder,
    )
    _check(config, place)
    return config


def applicable_targets(config: Config, text: str) -> tuple[TargetConfig, ...]:
    """Return the `[[targets]]` of a text that is to be applied. Raises OperatorFault.

    What is applied comes from people, not from this machine: the files that it names must lie
    below the configuration, and not in the data folder, where the keys are.
    """
    place = "targets.toml"
    try:
        tree = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        raise OperatorFault("config-syntax", f"is not TOML: {fault}", place) from fault
    _refuse_unknown(tree, {"targets"}, place)
    found = parse({"targets": tree.get("targets", [])} | _known_vault(config), place, config.folder)
    for target in found.targets:
        where = f"{place}:[[targets]] {target.name}"
        kind, _, path = target.password.partition(":")
        _check_inside(config, path if kind == "file" else "", f"{where} password")
        _check_inside(config, target.certificate_authority, f"{where} certificate_authority")
        configured = {one.name: (one.broker, one.vault_role) for one in config.targets}
        if (target.broker, target.vault_role) != configured.get(target.name, ("static", "")):
            words = "a `broker` is named in the server's own configuration, for targets named there"
            raise OperatorFault("config-value", words, f"{where} broker")
    return found.targets


def _known_vault(config: Config) -> dict[str, Any]:
    # So that references into it are as good here as there.
    said = {item.name: getattr(config.vault, item.name) for item in fields(VaultConfig)}
    return (
        {"vault": {key: value for key, value in said.items() if value}} if said["address"] else {}
    )


def _check_inside(config: Config, name: str, place: str) -> None:
    if not name:
        return
    folder = config.folder.resolve()
    path, data = (folder / name).resolve(), (folder / config.server.data).resolve()
    if not path.is_relative_to(folder) or path.is_relative_to(data):
        words = f"`{name[:80]}` must lie below the configuration's folder, and not among its data"
        raise OperatorFault("config-reference", words, place)


def split_address(text: str, place: str) -> tuple[str, int]:
    """Return host and port of `host:port`; an IPv6 host stands in brackets."""
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise OperatorFault("config-address", f"`{text}` is not `host:port`", place)
    return host.strip("[]"), int(port)


def _check(config: Config, place: str) -> None:
    split_address(config.server.listen, f"{place}:[server] listen")
    split_address(config.postgres.listen, f"{place}:[postgres] listen")
    _check_doors(config, place)
    _check_risk(config.risk, f"{place}:[risk]")
    _check_vault(config.vault, f"{place}:[vault]")
    _check_labels(config, place)
    _check_watching(config, place)
    pace(config, place)
    check_on_call(config.on_call, f"{place}:[[on_call]]")
    check_issue_tracker(config.issue_tracker, f"{place}:[issue_tracker]")
    check_notifiers(config.notifiers, f"{place}:[[notifiers]]")
    check_channels(config.notify.channels, config.notifiers, f"{place}:[notify] channels")
    for names, what in (
        ([person.name for person in config.people], "[[people]]"),
        ([target.name for target in config.targets], "[[targets]]"),
    ):
        for name, times in Counter(names).items():
            if times > 1:
                raise OperatorFault(
                    "config-duplicate", f"`{name[:80]}` is there twice", f"{place}:{what}"
                )
            _check_name(name, f"{place}:{what} name")
    for person in config.people:
        for group in person.groups:
            _check_name(group, f"{place}:[[people]] {person.name} groups")
        for day, key in ((person.since, "since"), (person.verified_on, "verified_on")):
            parse_day(day, f"{place}:[[people]] {person.name} {key}")
        time_zone(person.time_zone, f"{place}:[[people]] {person.name} time_zone")
        check_addresses(person.email, person.slack, f"{place}:[[people]] {person.name}")
    for target in config.targets:
        for group in target.owners:
            _check_name(group, f"{place}:[[targets]] {target.name} owners")
        where = f"{place}:[[targets]] {target.name}"
        _one_of(target.protocol, ("postgres",), f"{where} protocol")
        _one_of(target.estimate, ("all", "writes", "off"), f"{where} estimate")
        _one_of(target.tls, ("disable", "prefer", "require", "verify"), f"{where} tls")
        _check_broker(target, config.vault, where)
        longest_grant_s(target, f"{where} longest_grant")
        if not 0 < target.port <= 65535:
            raise OperatorFault("config-port", f"{target.port} is no port", f"{where} port")
        for name in (target.database, *target.databases):
            if not 0 < len(name.encode()) <= 63 or "\0" in name:
                words = f"`{name[:80]}` must have 1 to 63 bytes, as PostgreSQL's names do"
                raise OperatorFault("config-name", words, f"{where} databases")


def column_rules(config: Config, place: str = "") -> ColumnRules:
    """Return what gives columns labels by their names. Raises OperatorFault."""
    return ColumnRules(
        [
            ColumnRule(rule.pattern, rule.label, rule.table, f"{place}[[label_rules]] {number}")
            for number, rule in enumerate(config.label_rules, 1)
        ]
    )


def own_patterns(config: Config, place: str = "") -> tuple[OwnPattern, ...]:
    """Return what the operator says that values look like."""
    return tuple(
        OwnPattern(item.label, item.pattern, f"{place}[[detectors]] {number} pattern")
        for number, item in enumerate(config.detectors, 1)
    )


def recognised(config: Config) -> tuple[str, ...]:
    """Return the labels whose values can be recognised."""
    return tuple(sorted({*LABELS, *(item.label for item in config.detectors)}))


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


BROKERS = ("static", "postgres_role", "vault_database")
_REFERENCES = ("file:", "env:")
_VAULT_PLACE = re.compile(r"(?!.*\.\.)[\w-]+(?:/[\w.-]+)*/data(?:/[\w.-]+)+#[\w.-]+", re.ASCII)
_VAULT_ROLE = re.compile(r"(?!.*\.\.)[\w-]+(?:/[\w.-]+)*/[\w.-]+", re.ASCII)


def _check_broker(target: TargetConfig, vault: VaultConfig, where: str) -> None:
    _one_of(target.broker, BROKERS, f"{where} broker")
    kind, _, rest = target.password.partition(":")
    if kind == "vault":
        if not _VAULT_PLACE.fullmatch(rest):
            words = f"`{rest[:80]}` is not `MOUNT/data/PATH#FIELD`, as the KV engine (2) has it"
            raise OperatorFault("config-reference", words, f"{where} password")
    elif not target.password.startswith(_REFERENCES):
        # Without its text: it may be the password itself.
        words = "must be a reference: `file:PATH`, `env:NAME` or `vault:MOUNT/data/PATH#FIELD`"
        raise OperatorFault("config-reference", words, f"{where} password")
    by_vault = target.broker == "vault_database"
    if by_vault and not _VAULT_ROLE.fullmatch(target.vault_role):
        words = f"`{target.vault_role[:80]}` is not `MOUNT/ROLE`, such as `database/shop`"
        raise OperatorFault("config-value", words, f"{where} vault_role")
    if target.vault_role and not by_vault:
        words = 'means nothing without `broker = "vault_database"`'
        raise OperatorFault("config-value", words, f"{where} vault_role")
    if target.broker == "postgres_role" and target.unsafe_without_catalogue:
        words = "roles are made of what the catalogue holds; not with `unsafe_without_catalogue`"
        raise OperatorFault("config-value", words, f"{where} broker")
    if (by_vault or kind == "vault") and not vault.address:
        words = "needs the section `[vault]` with an `address`"
        raise OperatorFault(
            "config-vault", words, f"{where} {'broker' if by_vault else 'password'}"
        )


def _check_vault(vault: VaultConfig, place: str) -> None:
    if vault == VaultConfig():
        return
    url = urlsplit(vault.address)
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.username:
        words = f"`{vault.address[:80]}` is no address such as `https://vault.example.org:8200`"
        raise OperatorFault("config-value", words, f"{place} address")
    if url.scheme == "http" and url.hostname not in ("localhost", "127.0.0.1", "::1"):
        words = "passwords would cross the network in the clear; write `https://`"
        raise OperatorFault("config-value", words, f"{place} address")
    approle = bool(vault.role_id) and bool(vault.secret_id)
    if bool(vault.token) == approle or bool(vault.role_id) != bool(vault.secret_id):
        words = "needs either `token` or both `role_id` and `secret_id`"
        raise OperatorFault("config-value", words, place)
    for key in ("token", "role_id", "secret_id"):
        reference = getattr(vault, key)
        if reference and not reference.startswith(_REFERENCES):
            words = "must be a reference: `file:PATH` or `env:NAME`"
            raise OperatorFault("config-reference", words, f"{place} {key}")
    _check_name(vault.approle, f"{place} approle")


def canary_every(canary: CanaryConfig, place: str) -> timedelta | None:
    """Return how often the canary runs, None for never. Raises OperatorFault."""
    if canary.every == "off":
        return None
    try:
        every = parse_duration(canary.every)
    except ValueError:
        every = timedelta()
    if not timedelta(seconds=5) <= every <= timedelta(days=1):
        words = f"`{canary.every[:80]}` is neither `off` nor 5 seconds to a day, such as `60s`"
        raise OperatorFault("config-value", words, f"{place} every")
    return every


def _check_watching(config: Config, place: str) -> None:
    canary_every(config.canary, f"{place}:[canary]")
    reaction = config.reactions.on_compromise
    _one_of(reaction, ("revoke", "decide"), f"{place}:[reactions] on_compromise")
    token = config.metrics.token
    if token and not token.startswith(_REFERENCES):
        words = "must be a reference: `file:PATH` or `env:NAME`"
        raise OperatorFault("config-reference", words, f"{place}:[metrics] token")


def pace(config: Config, place: str = "") -> Pace:
    """Return how fast more people are asked. Raises OperatorFault."""
    spans = []
    for key in ("widen_after", "remind_every"):
        text = getattr(config.approvals, key)
        try:
            spans.append(parse_duration(text))
        except ValueError as fault:
            raise OperatorFault("config-value", str(fault), f"{place}:[approvals] {key}") from fault
    return Pace(spans[0], spans[1], statements=config.notify.statements)


def parse_day(text: str, place: str) -> datetime | None:
    """Return the start of a day in UTC, None for no text. Raises OperatorFault."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) if text else None
    except ValueError:
        words = f"`{text[:80]}` is no day; write it as `2024-05-01`"
        raise OperatorFault("config-value", words, place) from None


def longest_grant_s(target: TargetConfig, place: str) -> int | None:
    """Return how many seconds no access to a target lasts longer than, None for no limit.

    Raises OperatorFault.
    """
    try:
        longest = parse_duration(target.longest_grant) if target.longest_grant else None
    except ValueError as error:
        raise OperatorFault("config-value", str(error), place) from None
    if longest is not None and longest < timedelta(seconds=1):
        raise OperatorFault("config-value", "access lasts for a second at least", place)
    return None if longest is None else int(longest.total_seconds())


def time_zone(name: str, place: str) -> tzinfo | None:
    """Return the time zone of an IANA name, None for no name. Raises OperatorFault."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        words = f"`{name[:80]}` is no time zone; write its IANA name, such as `Europe/Berlin`"
        raise OperatorFault("config-value", words, place) from None


def budget(risk: RiskConfig, place: str) -> Budget | None:
    """Return how often people may be asked, None for fixed levels. Raises OperatorFault."""
    texts = (risk.step_up_budget, risk.approval_budget)
    if not any(texts):
        return None
    if not all(texts):
        words = "a budget needs both `step_up_budget` and `approval_budget`"
        raise OperatorFault("config-value", words, place)
    medium, high = (_percent_milli(text, place) for text in texts)
    try:
        return Budget(medium, high)
    except ValueError:
        words = "must be 0 % < `approval_budget` < `step_up_budget` < 100 %"
        raise OperatorFault("config-value", words, place) from None


def _percent_milli(text: str, place: str) -> int:
    found = re.fullmatch(r"([0-9]{1,2}(?:\.[0-9]{1,3})?) ?%", text)
    if found is None:
        raise OperatorFault("config-value", f"`{text[:80]}` is no share such as `2%`", place)
    return round(float(found[1]) * 1000)


def _check_risk(risk: RiskConfig, place: str) -> None:
    if not 0 < risk.medium_from < risk.high_from <= 100:
        words = "must be 0 < `medium_from` < `high_from` <= 100"
        raise OperatorFault("config-value", words, place)
    budget(risk, place)


_NAME = re.compile(r"[A-Za-z0-9._@-]{1,63}", re.ASCII)
_LABEL = re.compile(r"(?=.{1,80}\Z)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*", re.ASCII)
_MOST_PATTERNS = 200


def _check_doors(config: Config, place: str) -> None:
    _one_of(config.postgres.tls, ("", "offer", "require"), f"{place}:[postgres] tls")
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
    origin = config.server.origin
    if not origin or "+" in origin or any(not "!" <= letter <= "~" for letter in origin):
        words = f"`{origin[:80]}` must be printable ASCII without spaces and `+`"
        raise OperatorFault("config-value", words, f"{place}:[server] origin")


def _check_name(name: str, place: str) -> None:
    if name == CANARY:
        words = f"`{name}` is the gateway's own; choose another name"
        raise OperatorFault("config-name", words, place)
    if not _NAME.fullmatch(name):
        words = f"`{name[:80]}` must be 1 to 63 of letters, digits and `.-_@`"
        raise OperatorFault("config-name", words, place)


def _one_of(value: str, known: tuple[str, ...], place: str) -> None:
    if value not in known:
        words = ", ".join(f"`{item}`" for item in known if item)
        raise OperatorFault("config-value", f"`{value}` is none of {words}", place)


def _sections(kind: type[Any], tree: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(tree, list):
        raise OperatorFault("config-type", "must be an array of tables", place)
    return tuple(_section(kind, item, f"{place} {number}") for number, item in enumerate(tree, 1))


def _section(kind: type[Any], tree: Any, place: str) -> Any:
    if not isinstance(tree, dict):
        raise OperatorFault("config-type", "must be a table", place)
    if isinstance(tree.get("name"), str):
        place = f"{place} {tree['name'][:80]}"
    hints = get_type_hints(kind)
    _refuse_unknown(tree, set(hints), place)
    for item in fields(kind):
        required = item.default is MISSING and item.default_factory is MISSING
        if required and item.name not in tree:
            raise OperatorFault("config-missing-key", f"needs the key `{item.name}`", place)
    return kind(**{key: _value(value, hints[key], f"{place} {key}") for key, value in tree.items()})


def _value(value: Any, hint: Any, place: str) -> Any:
    origin = get_origin(hint)
    if origin is tuple:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise OperatorFault("config-type", "must be a list of texts", place)
    if origin is not None and issubclass(origin, Mapping):
        if isinstance(value, dict):
            inner = get_args(hint)[1]
            return {key: _value(item, inner, f"{place}.{key[:80]}") for key, item in value.items()}
        raise OperatorFault("config-type", "must be a table", place)
    if type(value) is not hint:
        words = {str: "a text", int: "a whole number", bool: "true or false"}[hint]
        raise OperatorFault("config-type", f"must be {words}", place)
    return value


def _refuse_unknown(tree: Mapping[str, Any], known: set[str], place: str) -> None:
    for key in tree:
        if key not in known:
            words = ", ".join(f"`{name}`" for name in sorted(known))
            raise OperatorFault(
                "config-unknown-key", f"unknown key `{key[:80]}`; known are {words}", place
            )
