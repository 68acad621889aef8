"""The sections of the configuration, and the tree that they make: one frozen value.

Every key is described where it stands; `docs/reference/configuration.md` is written from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assent.config.audit import AuditConfig
from assent.config.devices import DevicesConfig, PostureSourceConfig
from assent.config.protocols.http import HttpConfig, HttpTargetConfig
from assent.config.protocols.mcp import McpTargetConfig
from assent.config.protocols.ssh import SshConfig, SshTargetConfig
from assent.config.protocols.tcp import TcpConfig
from assent.config.roles import RolesConfig
from assent.config.sign_in import SignInConfig
from assent.config.store import StoreConfig
from assent.exporters.settings import ExporterConfig
from assent.identity.settings import OidcConfig, ScimConfig
from assent.intelligence.settings import IssueTrackerConfig, OnCallConfig
from assent.notifiers.settings import NotifierConfig
from assent.stores.recordings.settings import RecordingsConfig


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """`[server]`: the API, the pages and where data is kept.

    data: folder of the store, the log, the recordings and the keys; relative to this file.
    listen: `host:port` of API and pages; port 0 takes a free one.
    public_url: what links in notices start with; by default the address listened on.
    proxies: addresses or networks of proxies before it, such as `127.0.0.1`: where they say in
    `X-Forwarded-For` that a request comes from counts; without it all have the proxy's address.
    origin: name of the audit log, part of every checkpoint; never change it.
    """

    data: str = "data"
    listen: str = "127.0.0.1:8470"
    public_url: str = ""
    proxies: tuple[str, ...] = ()
    origin: str = "assent.local/audit"


@dataclass(frozen=True, slots=True)
class PostgresConfig:
    """`[postgres]`: the PostgreSQL gateway.

    listen: `host:port`; port 0 takes a free one. tls: `offer` or `require`; by default
    `require` unless it listens on loopback only. certificate, key: PEM files; without them a
    development certificate is made in the data folder. most_connections: clients at once.
    client_certificates: whether clients show that they are a device: `off`, `offer`, or
    `require`, and then nothing opens without; `assent connect` brings a new one every time.
    """

    listen: str = "127.0.0.1:6432"
    tls: str = ""
    certificate: str = ""
    key: str = ""
    most_connections: int = 1000
    client_certificates: str = "off"


@dataclass(frozen=True, slots=True)
class PoliciesConfig:
    """`[policies]`: where they are, and whom they may name.

    folder: of `*.cedar` files, relative to this file. groups: those that policies may name though
    nobody in this file is in them, such as those of an identity provider.
    """

    folder: str = "policies"
    groups: tuple[str, ...] = ()


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
    oidc: `NAME:SUB`, by whom they may also sign in: the name of one of `[[oidc]]`, and the `sub`
    that they have there.
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
    oidc: str = ""


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

    name: what clients call it. host, port: where it listens; not for `http` and `mcp`, which
    say it in their own table. user: the role that the gateway speaks to it as. password: a
    reference (`file:…`, `env:…`, `vault:MOUNT/data/PATH#FIELD`) to that role's, which never
    leaves the gateway. broker: what sessions speak to it as: `static`, as that role;
    `postgres_role`, as a role of their own, which that role makes; or `vault_database`, as a
    user that Vault makes. vault_role: by which mount and role of a database engine of Vault's,
    such as `database/shop`. protocol: `postgres`, `ssh`, `http`, `mcp` or `tcp`. ssh, http,
    mcp: what a target of that protocol says beside this. database: the one that clients get
    when they name none. environment: `prod`, `dev`, … as policies name it. owners: groups who
    answer for it. tls: `disable`, `prefer`, `require` or `verify`. certificate_authority: PEM
    file for `verify`. labels: a column, table or schema (`schema.table.column`), or the
    database → labels; for a column, `[]` says that no rule counts. search_path: schemas in
    which an unqualified name is looked up. databases: further ones of the same server that
    clients may name as `TARGET/DATABASE`; none by default. Names in them begin with the
    database, in policies and labels: `database.schema.table`. estimate: which statements its
    planner is asked about before they run, so that people see how many rows they would hit:
    `all`, `writes` or `off`. count_exactly: in a transaction, also count what a change would
    hit, which may read as much as the change itself. unsafe_without_catalogue: do not read what
    the database holds; views, functions and triggers are then not looked through, and nothing
    can be masked. longest_grant: no access to it lasts longer, whatever policies permit, such
    as `4h`; no such limit by default.
    """

    name: str
    host: str = ""
    user: str = ""
    password: str = ""
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
    ssh: SshTargetConfig = field(default_factory=SshTargetConfig)
    http: HttpTargetConfig = field(default_factory=HttpTargetConfig)
    mcp: McpTargetConfig = field(default_factory=McpTargetConfig)


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
class SessionsConfig:
    """`[sessions]`: what people hear of those who look at their sessions.

    tell_watched: whether a person's client is told when somebody else begins to watch a session of
    theirs. That it was watched is in the log in any case.
    """

    tell_watched: bool = False


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
    store: StoreConfig = field(default_factory=StoreConfig)
    postgres: PostgresConfig = field(default_factory=PostgresConfig)
    ssh: SshConfig = field(default_factory=SshConfig)
    http: HttpConfig = field(default_factory=HttpConfig)
    tcp: TcpConfig = field(default_factory=TcpConfig)
    policies: PoliciesConfig = field(default_factory=PoliciesConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    risk: RiskConfig = field(default_factory=RiskConfig)
    vault: VaultConfig = field(default_factory=VaultConfig)
    recordings: RecordingsConfig = field(default_factory=RecordingsConfig)
    audit: AuditConfig = field(default_factory=AuditConfig)
    canary: CanaryConfig = field(default_factory=CanaryConfig)
    reactions: ReactionsConfig = field(default_factory=ReactionsConfig)
    sessions: SessionsConfig = field(default_factory=SessionsConfig)
    metrics: MetricsConfig = field(default_factory=MetricsConfig)
    approvals: ApprovalsConfig = field(default_factory=ApprovalsConfig)
    notify: NotifyConfig = field(default_factory=NotifyConfig)
    devices: DevicesConfig = field(default_factory=DevicesConfig)
    device_managers: tuple[PostureSourceConfig, ...] = ()
    sign_in: SignInConfig = field(default_factory=SignInConfig)
    roles: RolesConfig = field(default_factory=RolesConfig)
    issue_tracker: IssueTrackerConfig = field(default_factory=IssueTrackerConfig)
    on_call: tuple[OnCallConfig, ...] = ()
    notifiers: tuple[NotifierConfig, ...] = ()
    exporters: tuple[ExporterConfig, ...] = ()
    scim: ScimConfig = field(default_factory=ScimConfig)
    oidc: tuple[OidcConfig, ...] = ()
    people: tuple[PersonConfig, ...] = ()
    targets: tuple[TargetConfig, ...] = ()
    label_rules: tuple[LabelRuleConfig, ...] = ()
    detectors: tuple[DetectorConfig, ...] = ()
    folder: Path = Path()

    @property
    def groups(self) -> frozenset[str]:
        """Every group that somebody is in or that owns a target: what policies may name."""
        members = {group for person in self.people for group in person.groups}
        given = {group for one in self.oidc for group in one.groups.values()}
        given |= {*self.scim.groups.values(), *self.policies.groups}
        return frozenset(members.union(given, *(target.owners for target in self.targets)))
