"""The policies of the configured folder, read for the protocols that this gateway speaks."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assent import policy
from assent.config import Config
from assent.core.action import Statement
from assent.core.faults import OperatorFault
from assent.core.resource import Target
from assent.protocols.every import HONOURS, PROTOCOLS
from assent.protocols.texts import read_text


def load_policies(config: Config) -> policy.PolicySet:
    """Return the policies of the configured folder. Raises OperatorFault with file and line."""
    return read_policies(policy_sources(config), config.groups)


def policy_sources(config: Config) -> dict[str, str]:
    """Return file name → text of the configured folder. Raises OperatorFault."""
    folder = config.folder / config.policies.folder
    if not folder.is_dir():
        raise OperatorFault(
            "policies-missing", f"there is no folder `{folder}`; make it, or name another one"
        )
    return {path.name: _text(path) for path in sorted(folder.glob("*.cedar"))}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise OperatorFault("policy-unreadable", "cannot be read as UTF-8", str(path)) from fault


def read_policies(
    sources: Mapping[str, str], groups: frozenset[str] | None = None
) -> policy.PolicySet:
    """Return the policies of file name → text. Raises OperatorFault with file and line.

    groups: all that there are, to find misspelt ones; None for policies that were in force before.
    """
    return policy.load(sources, PROTOCOLS, groups)


@dataclass(frozen=True, slots=True)
class PolicyWorkbench:
    """What drafts of policies are checked and tried with: the protocols of this gateway."""

    honours: frozenset[str]

    def check(self, sources: Mapping[str, str]) -> policy.Reading:
        """Return all rules that are right and everything that is wrong."""
        return policy.check(sources, PROTOCOLS)

    def read_text(self, text: str, target: Target) -> Statement:
        """Return what a text does, as the gateway reads it, without a catalogue."""
        return read_text(text, target)


def workbench() -> PolicyWorkbench:
    """Return what drafts of policies are checked and tried with."""
    return PolicyWorkbench(HONOURS)
