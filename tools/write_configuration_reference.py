"""Writes docs/reference/configuration.md from `assent.config`; a test keeps it current."""

import dataclasses
import re
import sys
import typing
from pathlib import Path
from typing import Any

from assent import config
from assent.config.audit import AuditConfig
from assent.config.protocols.http import HttpConfig, HttpTargetConfig
from assent.config.protocols.mcp import McpTargetConfig
from assent.config.protocols.ssh import SshConfig, SshTargetConfig
from assent.config.protocols.tcp import TcpConfig
from assent.config.roles import RolesConfig
from assent.config.store import StoreConfig
from assent.exporters.settings import ExporterConfig
from assent.notifiers.settings import NotifierConfig
from assent.witnesses.settings import AnchorConfig, WitnessConfig

PATH = Path(__file__).resolve().parent.parent / "docs" / "reference" / "configuration.md"
SECTIONS = (
    config.ServerConfig,
    StoreConfig,
    config.PostgresConfig,
    SshConfig,
    HttpConfig,
    TcpConfig,
    config.PoliciesConfig,
    config.NetworkConfig,
    config.RiskConfig,
    config.VaultConfig,
    AuditConfig,
    WitnessConfig,
    AnchorConfig,
    ExporterConfig,
    config.ApprovalsConfig,
    config.NotifyConfig,
    config.OnCallConfig,
    config.IssueTrackerConfig,
    NotifierConfig,
    config.CanaryConfig,
    config.ReactionsConfig,
    config.MetricsConfig,
    RolesConfig,
    config.PersonConfig,
    config.TargetConfig,
    SshTargetConfig,
    HttpTargetConfig,
    McpTargetConfig,
    config.LabelRuleConfig,
    config.DetectorConfig,
)
_HEAD = """\
# The configuration file

Written by `tools/write_configuration_reference.py`; do not edit.

Assent reads one TOML file, `assent.toml` unless `--config` names another one. Relative paths in
it start from the folder that it lies in. A key that is not listed here stops the start, and so
does a value of another type; `assent config check` says what is wrong, and where. No secret
stands in the file: a reference says where it is, `file:PATH`, `env:NAME` or, for passwords of
targets, `vault:MOUNT/data/PATH#FIELD`.

Names of people, groups and targets have 1 to 63 of letters, digits and `.-_@`.
"""
_KINDS = {str: "text", int: "whole number", bool: "true or false"}


def text() -> str:
    """Return the reference in Markdown."""
    return _HEAD + "".join(_section(kind) for kind in SECTIONS)


def described(kind: type[Any]) -> dict[str, str]:
    """Return what the docstring of a section says of each of its keys that it explains."""
    words = " ".join((kind.__doc__ or "").split())
    names = "|".join(field.name for field in dataclasses.fields(kind))
    found = re.compile(rf"(?:^|(?<=[.;:] ))((?:{names})(?:, (?:{names}))*): ").split(words)[1:]
    keys: dict[str, str] = {}
    for heading, said in zip(found[::2], found[1::2], strict=True):
        for name in heading.split(", "):
            keys[name] = said.strip().removesuffix(".")
    return keys


def _section(kind: type[Any]) -> str:
    title, _, about = " ".join((kind.__doc__ or "").split()).partition(": ")
    about = re.split(r"\. |: ", about, maxsplit=1)[0].removesuffix(".")
    if about in {field.name for field in dataclasses.fields(kind)}:
        about = ""
    said = described(kind)
    hints = typing.get_type_hints(kind)
    lines = [f"\n## {title}\n"]
    if about:
        lines.append(f"{about[0].upper()}{about[1:]}.\n")
    lines.append("| key | type | default | meaning |\n|---|---|---|---|")
    for field in dataclasses.fields(kind):
        meaning = said.get(field.name, "").replace("|", r"\|")
        lines.append(
            f"| `{field.name}` | {_type(hints[field.name])} | {_default(field)} | {meaning} |"
        )
    return "\n".join(lines) + "\n"


def _type(hint: Any) -> str:
    if hint in _KINDS:
        return _KINDS[hint]
    if typing.get_origin(hint) is tuple:
        return "tables" if dataclasses.is_dataclass(typing.get_args(hint)[0]) else "list of texts"
    if dataclasses.is_dataclass(hint):
        return "table"
    inner = typing.get_args(hint)[1]
    return "table of texts" if inner is str else "table of lists of texts"


def _default(field: "dataclasses.Field[Any]") -> str:
    if field.default is not dataclasses.MISSING:
        value = field.default
    elif field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    else:
        return "needed"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return "`[" + ", ".join(f'"{item}"' for item in value) + "]`"
    if isinstance(value, str):
        return f'`"{value}"`'
    return "`{}`" if not isinstance(value, int) else f"`{value}`"


def main() -> int:
    """Write the file; with `--check`, only say whether it is current."""
    if "--check" in sys.argv:
        return 0 if PATH.read_text(encoding="utf-8") == text() else 1
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
