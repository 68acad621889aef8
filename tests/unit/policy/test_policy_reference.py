from pathlib import Path

import pytest

from assent.core.action import Operation
from assent.policy.annotations import ALLOWED
from assent.policy.facts import FACTS
from assent.policy.schema import OWN_VERBS

TEXT = (Path(__file__).parents[3] / "docs/reference/policies.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(frozenset().union(*ALLOWED.values())))
def test_every_annotation_is_in_the_reference(name: str) -> None:
    assert f"`@{name}" in TEXT


@pytest.mark.parametrize("group", sorted(FACTS))
def test_every_fact_is_in_the_reference_as_the_code_says_it(group: str) -> None:
    for name, fact in FACTS[group].items():
        assert f"| `context.{group}.{name}` | `{fact.type}` | {fact.about} |" in TEXT


@pytest.mark.parametrize("verb", sorted({*OWN_VERBS, *(one.value for one in Operation)}))
def test_the_gateways_verbs_and_the_groups_of_verbs_are_in_the_reference(verb: str) -> None:
    assert f'"{verb}"' in TEXT
