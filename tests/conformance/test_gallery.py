"""Every starting policy that ships loads, answers its own cases, and leaves no rule untried."""

from pathlib import Path

import pytest

import assent
from assent.policy.case_files import read_cases
from assent.policy.cases import coverage, run
from assent.policy.loader import load
from assent.protocols.every import PROTOCOLS
from assent.protocols.texts import read_text

GALLERY = Path(assent.__file__).parent / "web" / "gallery"
FOLDERS = sorted(path for path in GALLERY.iterdir() if path.is_dir())


def test_there_is_a_gallery() -> None:
    assert len(FOLDERS) >= 10


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_starting_policy_does_what_its_cases_say(folder: Path) -> None:
    policies = load({"policies.cedar": (folder / "policies.cedar").read_text()}, PROTOCOLS)
    cases = read_cases("cases.policy-test.toml", (folder / "cases.policy-test.toml").read_text())
    results = list(run(cases, policies, read_text))
    assert [(one.case.name, list(one.problems)) for one in results if not one.passed] == []
    assert coverage(policies, results).never == ()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_starting_policy_says_what_it_is_for_and_what_to_replace(folder: Path) -> None:
    head = (folder / "policies.cedar").read_text().splitlines()[:3]
    words = ["title", "for", "replace"] if len(head) > 2 else []
    for line, word in zip(head, words, strict=True):
        assert line.startswith(f"// {word}: ")
        assert len(line) > 20
