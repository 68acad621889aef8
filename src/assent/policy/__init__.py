"""Decides by Cedar policies: `load` reads them strictly, `evaluate` answers an action. Pure."""

from assent.policy.durations import parse_duration
from assent.policy.evaluation import evaluate
from assent.policy.loader import Reading, check, load, revision_of
from assent.policy.policy_set import PolicySet
from assent.policy.rule import Effect, Rule
from assent.policy.schema import ACCESS_REQUEST, SESSION_OPEN, schema_text

__all__ = [
    "ACCESS_REQUEST",
    "SESSION_OPEN",
    "Effect",
    "PolicySet",
    "Reading",
    "Rule",
    "check",
    "evaluate",
    "load",
    "parse_duration",
    "revision_of",
    "schema_text",
]
