"""The peers by name; those that stand on a package of the extra `evaluate` may be left out."""

from collections.abc import Iterable
from importlib import import_module

from assent.core.faults import OperatorFault
from assent.evaluation.scorer import LearnMode, Scorer

NAMES = ("freeman", "new_value", "half_space_trees", "isolation_forest")
"""In the order of reports; each is a module of this folder with a class `Peer`."""

EXTRA = "assent[evaluate]"


def named(words: str) -> tuple[str, ...]:
    """Return the peers that `all`, `none` or names with commas mean. Raises OperatorFault."""
    if words == "all":
        return NAMES
    if words == "none":
        return ()
    names = tuple(dict.fromkeys(word.strip() for word in words.split(",")))
    for name in names:
        if name not in NAMES:
            raise OperatorFault(
                "unknown-peer",
                f"`{name[:80]}` is no peer; write `all`, `none`, or some of {', '.join(NAMES)}",
            )
    return names


def build(names: Iterable[str], learn: LearnMode) -> tuple[list[Scorer], dict[str, str]]:
    """Return new peers, and for each that cannot be had, by name, what to do about it."""
    peers: list[Scorer] = []
    left_out = {}
    for name in names:
        try:
            module = import_module(f"assent.evaluation.peers.{name}")
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("assent"):
                raise
            left_out[name] = f"`{error.name}` is not installed; `pip install {EXTRA}` has it"
        else:
            peers.append(module.Peer(learn))
    return peers, left_out
