"""What would change: the configuration that somebody wants, compared with what is in force."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import unified_diff
from hashlib import sha256

from assent.core.canonical import Json, canonical_bytes
from assent.core.faults import ConflictFault
from assent.core.resource import Target
from assent.policy import PolicySet, Rule

MOST_FILES = 1_000
LARGEST_CONTENT = 768 * 1024
"""Characters of one configuration: what is wanted is bound to the request, and kept with it."""

_NOT_SHOWN = frozenset({"id", "name", "retired", "applied"})


@dataclass(frozen=True, slots=True)
class Content:
    """What somebody wants to be in force. policies: file name → Cedar text, None to leave them.

    targets: the text of a `targets.toml`, None to leave them.
    """

    policies: Mapping[str, str] | None
    targets: str | None

    def to_json(self) -> dict[str, Json]:
        """Return it in the canonical profile: names of files are not keys, they may be anything."""
        pairs = (
            None if self.policies is None else [[k, v] for k, v in sorted(self.policies.items())]
        )
        return {"policies": pairs, "targets": self.targets}

    def digest(self) -> str:
        """Return `sha256:` and hex over all of it."""
        return "sha256:" + sha256(canonical_bytes(self.to_json())).hexdigest()


def content_from_json(text: str) -> Content:
    """Return the content that `to_json` wrote, as JSON."""
    found = json.loads(text)
    policies = found["policies"]
    return Content(None if policies is None else dict(policies), found["targets"])


def checked(content: Content) -> Content:
    """Return the content. Raises ConflictFault where there is too much of it, or nothing."""
    policies = content.policies or {}
    if content.policies is None and content.targets is None:
        raise ConflictFault("nothing-to-apply", "there are neither policies nor targets in it")
    size = sum(len(name) + len(text) for name, text in policies.items())
    if len(policies) > MOST_FILES or size + len(content.targets or "") > LARGEST_CONTENT:
        words = f"more than {MOST_FILES} files or {LARGEST_CONTENT // 1024} Ki characters at once"
        raise ConflictFault("too-much-to-apply", f"{words}; apply it in parts")
    return content


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that changes. kind: `policy`, `target`, or `file` for text around policies.

    how: `added`, `changed` or `removed`. before, after: its text, empty where there is none.
    """

    kind: str
    name: str
    how: str
    before: str
    after: str

    def lines(self) -> Iterator[str]:
        """Yield a line that names it and a unified diff of its text, indented."""
        mark = {"added": "+", "changed": "~", "removed": "-"}[self.how]
        yield f"{mark} {self.kind} `{self.name}` is {self.how}"
        # Three lines around each change, without the two lines of file names.
        changed = list(
            unified_diff(self.before.splitlines(), self.after.splitlines(), n=3, lineterm="")
        )
        yield from (f"    {line}" for line in changed[2:])


@dataclass(frozen=True, slots=True)
class Plan:
    """What applying would change. base: a digest of all that was in force when it was made.

    before, after: the policy revisions. text: for people, the same for the same differences.
    """

    differences: tuple[Difference, ...]
    base: str
    content_digest: str
    before: str
    after: str
    text: str


def planned(
    content: Content,
    in_force: tuple[PolicySet, Mapping[str, str]],
    wanted: tuple[PolicySet, Mapping[str, str]],
    targets: Mapping[str, Target],
    after: Mapping[str, Target],
) -> Plan:
    """Return the plan from one state to another.

    in_force, wanted: policies with their files. targets, after: by name, none of them retired.
    """
    differences = (
        *policy_differences(in_force[0], wanted[0]),
        *_file_differences(in_force, wanted),
        *_target_differences(targets, after),
    )
    before, then = in_force[0].revision, wanted[0].revision
    text = _text(differences, before, then, content.digest())
    return Plan(
        differences, base_of(before, targets.values()), content.digest(), before, then, text
    )


def base_of(revision: str, targets: Iterable[Target]) -> str:
    """Return `sha256:` and hex over what is in force, as configured and applied."""
    pairs: list[Json] = [
        [target.name, list(target_lines(target))]
        for target in sorted(targets, key=lambda one: one.name)
    ]
    return "sha256:" + sha256(canonical_bytes([revision, pairs])).hexdigest()


def policy_differences(before: PolicySet, after: PolicySet) -> Iterator[Difference]:
    """Yield what happens to each policy, by its id: first what is gone, then changed, then new."""
    old = {rule.id: rule.text for rule in before.rules}
    new = {rule.id: rule.text for rule in after.rules}
    yield from (Difference("policy", id, "removed", old[id], "") for id in sorted(old.keys() - new))
    for id in sorted(old.keys() & new):
        if old[id] != new[id]:
            yield Difference("policy", id, "changed", old[id], new[id])
    yield from (Difference("policy", id, "added", "", new[id]) for id in sorted(new.keys() - old))


def _file_differences(
    before: tuple[PolicySet, Mapping[str, str]], after: tuple[PolicySet, Mapping[str, str]]
) -> Iterator[Difference]:
    """Yield files whose text changes where no policy in them does: comments, and where they are."""
    old, new = before[1], after[1]
    touched = {rule.file for rule in _changed_rules(before[0], after[0])}
    touched |= {rule.file for rule in _changed_rules(after[0], before[0])}
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name) and name not in touched:
            how = (
                "changed" if name in old and name in new else "added" if name in new else "removed"
            )
            yield Difference("file", name, how, old.get(name, ""), new.get(name, ""))


def _changed_rules(of: PolicySet, against: PolicySet) -> Iterator[Rule]:
    others = {rule.id: rule.text for rule in against.rules}
    yield from (rule for rule in of.rules if others.get(rule.id) != rule.text)


def _target_differences(
    before: Mapping[str, Target], after: Mapping[str, Target]
) -> Iterator[Difference]:
    for name in sorted({*before, *after}):
        old = "\n".join(target_lines(before[name])) if name in before else ""
        new = "\n".join(target_lines(after[name])) if name in after else ""
        if old != new:
            how = "changed" if old and new else "added" if new else "removed"
            yield Difference("target", name, how, old, new)


def target_lines(target: Target) -> Iterator[str]:
    """Yield what is configured of a target, `key = value`; its credential is a reference only."""
    for item in fields(target):
        value = getattr(target, item.name)
        if item.name in _NOT_SHOWN or (value == item.default and item.name != "port"):
            continue
        if isinstance(value, Mapping):
            for name, several in sorted(value.items()):
                yield f"{item.name}[{name}] = {', '.join(sorted(several))}"
            continue
        if isinstance(value, frozenset):
            value = sorted(value)
        yield f"{item.name} = {_said(value)}"


def _said(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(part) for part in value)
    return str(value)


def _text(differences: Sequence[Difference], before: str, after: str, digest: str) -> str:
    if not differences:
        return "nothing changes"
    counts = ", ".join(
        f"{sum(one.how == how for one in differences)} {how}"
        for how in ("added", "changed", "removed")
    )
    lines = [line for one in differences for line in (*one.lines(), "")]
    revision = f"policies {before}" + (f" → {after}" if after != before else " stay")
    return "\n".join((*lines, f"plan: {counts}", revision, f"content {digest}"))
