"""From one TOML file to the tree, with the place of whatever is wrong: unknown keys stop it."""

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from assent.config.audit import AuditConfig
from assent.config.checks import check
from assent.config.devices import DevicesConfig, PostureSourceConfig
from assent.config.protocols.http import HttpConfig
from assent.config.protocols.ssh import SshConfig
from assent.config.protocols.tcp import TcpConfig
from assent.config.roles import RolesConfig
from assent.config.sections import (
    ApprovalsConfig,
    CanaryConfig,
    Config,
    DetectorConfig,
    LabelRuleConfig,
    MetricsConfig,
    NetworkConfig,
    NotifyConfig,
    PersonConfig,
    PoliciesConfig,
    PostgresConfig,
    ReactionsConfig,
    RiskConfig,
    ServerConfig,
    SessionsConfig,
    TargetConfig,
    VaultConfig,
)
from assent.config.sign_in import SignInConfig
from assent.config.store import StoreConfig
from assent.core.faults import OperatorFault
from assent.exporters.settings import ExporterConfig
from assent.identity.settings import OidcConfig, ScimConfig
from assent.intelligence.settings import IssueTrackerConfig, OnCallConfig
from assent.notifiers.settings import NotifierConfig
from assent.stores.recordings.settings import RecordingsConfig

_LARGEST = 1 << 20


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
    refuse_unknown(tree, known, place)
    config = Config(
        server=_section(ServerConfig, tree.get("server", {}), f"{place}:[server]"),
        store=_section(StoreConfig, tree.get("store", {}), f"{place}:[store]"),
        postgres=_section(PostgresConfig, tree.get("postgres", {}), f"{place}:[postgres]"),
        ssh=_section(SshConfig, tree.get("ssh", {}), f"{place}:[ssh]"),
        http=_section(HttpConfig, tree.get("http", {}), f"{place}:[http]"),
        tcp=_section(TcpConfig, tree.get("tcp", {}), f"{place}:[tcp]"),
        policies=_section(PoliciesConfig, tree.get("policies", {}), f"{place}:[policies]"),
        network=_section(NetworkConfig, tree.get("network", {}), f"{place}:[network]"),
        risk=_section(RiskConfig, tree.get("risk", {}), f"{place}:[risk]"),
        vault=_section(VaultConfig, tree.get("vault", {}), f"{place}:[vault]"),
        recordings=_section(RecordingsConfig, tree.get("recordings", {}), f"{place}:[recordings]"),
        audit=_section(AuditConfig, tree.get("audit", {}), f"{place}:[audit]"),
        canary=_section(CanaryConfig, tree.get("canary", {}), f"{place}:[canary]"),
        reactions=_section(ReactionsConfig, tree.get("reactions", {}), f"{place}:[reactions]"),
        sessions=_section(SessionsConfig, tree.get("sessions", {}), f"{place}:[sessions]"),
        metrics=_section(MetricsConfig, tree.get("metrics", {}), f"{place}:[metrics]"),
        approvals=_section(ApprovalsConfig, tree.get("approvals", {}), f"{place}:[approvals]"),
        devices=_section(DevicesConfig, tree.get("devices", {}), f"{place}:[devices]"),
        device_managers=_sections(
            PostureSourceConfig, tree.get("device_managers", []), f"{place}:[[device_managers]]"
        ),
        notify=_section(NotifyConfig, tree.get("notify", {}), f"{place}:[notify]"),
        roles=_section(RolesConfig, tree.get("roles", {}), f"{place}:[roles]"),
        sign_in=_section(SignInConfig, tree.get("sign_in", {}), f"{place}:[sign_in]"),
        issue_tracker=_section(
            IssueTrackerConfig, tree.get("issue_tracker", {}), f"{place}:[issue_tracker]"
        ),
        on_call=_sections(OnCallConfig, tree.get("on_call", []), f"{place}:[[on_call]]"),
        notifiers=_sections(NotifierConfig, tree.get("notifiers", []), f"{place}:[[notifiers]]"),
        exporters=_sections(ExporterConfig, tree.get("exporters", []), f"{place}:[[exporters]]"),
        scim=_section(ScimConfig, tree.get("scim", {}), f"{place}:[scim]"),
        oidc=_sections(OidcConfig, tree.get("oidc", []), f"{place}:[[oidc]]"),
        people=_sections(PersonConfig, tree.get("people", []), f"{place}:[[people]]"),
        targets=_sections(TargetConfig, tree.get("targets", []), f"{place}:[[targets]]"),
        label_rules=_sections(
            LabelRuleConfig, tree.get("label_rules", []), f"{place}:[[label_rules]]"
        ),
        detectors=_sections(DetectorConfig, tree.get("detectors", []), f"{place}:[[detectors]]"),
        folder=folder,
    )
    check(config, place)
    return config


def refuse_unknown(tree: Mapping[str, Any], known: set[str], place: str) -> None:
    """Raise OperatorFault for the first key that is not known, and name those that are."""
    for key in tree:
        if key not in known:
            words = ", ".join(f"`{name}`" for name in sorted(known))
            raise OperatorFault(
                "config-unknown-key", f"unknown key `{key[:80]}`; known are {words}", place
            )


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
    refuse_unknown(tree, set(hints), place)
    for item in fields(kind):
        required = item.default is MISSING and item.default_factory is MISSING
        if required and item.name not in tree:
            raise OperatorFault("config-missing-key", f"needs the key `{item.name}`", place)
    return kind(**{key: _value(value, hints[key], f"{place} {key}") for key, value in tree.items()})


def _value(value: Any, hint: Any, place: str) -> Any:
    origin = get_origin(hint)
    if origin is tuple:
        if is_dataclass(inner := get_args(hint)[0]):
            assert isinstance(inner, type)
            return _sections(inner, value, place)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise OperatorFault("config-type", "must be a list of texts", place)
    if origin is not None and issubclass(origin, Mapping):
        if isinstance(value, dict):
            inner = get_args(hint)[1]
            return {key: _value(item, inner, f"{place}.{key[:80]}") for key, item in value.items()}
        raise OperatorFault("config-type", "must be a table", place)
    if is_dataclass(hint) and isinstance(hint, type):
        return _section(hint, value, place)
    if type(value) is not hint:
        words = {str: "a text", int: "a whole number", bool: "true or false"}[hint]
        raise OperatorFault("config-type", f"must be {words}", place)
    return value
