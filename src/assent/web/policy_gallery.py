"""Starting policies that ship with Assent: annotated, with cases of their own, to be used."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "gallery"
GALLERY = tuple(sorted(path.name for path in FOLDER.iterdir() if path.is_dir()))
"""Their names."""


@dataclass(frozen=True, slots=True)
class Example:
    """One of them. title, who, replace: what it says of itself: what, for whom, what to put in.

    policies, cases: the texts of its two files.
    """

    name: str
    title: str
    who: str
    replace: str
    policies: str
    cases: str


@lru_cache(maxsize=len(GALLERY))
def example(name: str) -> Example:
    """Return a starting policy of GALLERY."""
    policies = (FOLDER / name / "policies.cedar").read_text(encoding="utf-8")
    cases = (FOLDER / name / "cases.policy-test.toml").read_text(encoding="utf-8")
    head = policies.split("\n", 3)[:3]
    title, who, replace = (line.partition(": ")[2] for line in head)
    return Example(name, title, who, replace, policies, cases)
