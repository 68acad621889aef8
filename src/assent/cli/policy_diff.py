"""`assent policy diff`."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from assent.cli import output
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson

if TYPE_CHECKING:
    from assent.control.planning import Difference
    from assent.control.what_if import WhatIf
    from assent.policy import PolicySet

_PAGE = 200
MOST_DECISIONS = 20_000


def diff(
    old: str,
    new: str = "",
    /,
    *,
    running: Annotated[
        bool, Parameter(negative=(), help="Compare what is in force with one folder.")
    ] = False,
    since: Annotated[
        str | None,
        Parameter(help="Replay what was decided since then, such as `7d`: what would change?"),
    ] = None,
    most: Annotated[int, Parameter(help="Replay so many decisions at most.")] = MOST_DECISIONS,
    as_json: AsJson = False,
) -> int:
    """Say which policies differ, and what would have been decided otherwise.

    A side is a folder, or a revision (pol-…) that the server keeps. The exit code is 0 when
    nothing changes, 1 when something does, and 2 when a side cannot be read.

    Parameters
    ----------
    old
        The policies to begin with; with `--running`, the new ones.
    new
        The policies to compare them with.
    """
    from assent.control.planning import policy_differences
    from assent.core.faults import OperatorFault

    if running == bool(new):
        words = "name two sides, or one folder and `--running`"
        raise CommandFault(ExitCode.USAGE, "two-sides", words)
    try:
        before = _load(_running() if running else _side(old))
        after = _load(_side(old if running else new))
    except OperatorFault as fault:
        raise CommandFault(ExitCode.USAGE, fault.code, fault.detail) from fault
    differences = list(policy_differences(before, after))
    found = _replayed(before, after, since, most) if since else None
    if as_json:
        output.show_json(_as_json(before, after, differences, found))
    else:
        _print(before, after, differences, found)
    changed = bool(differences) or bool(found and found.changed)
    return ExitCode.UNEXPECTED if changed else ExitCode.OK


def _load(sources: Mapping[str, str]) -> "PolicySet":
    from assent.policy.loader import load
    from assent.protocols.every import PROTOCOLS

    return load(sources, PROTOCOLS)


def _side(side: str) -> Mapping[str, str]:
    from assent.cli.access import segment
    from assent.cli.client import signed_in
    from assent.cli.policy import read_folder

    if side.startswith("pol-") and not Path(side).is_dir():
        answer = signed_in().get(f"/v1/policies/{segment(side)}")
        return dict(answer["policies"])
    return read_folder(Path(side))


def _running() -> Mapping[str, str]:
    from assent.cli.client import signed_in

    return dict(signed_in().get("/v1/configuration")["policies"])


def _replayed(before: "PolicySet", after: "PolicySet", since: str, most: int) -> "WhatIf":
    from assent.cli.durations import seconds
    from assent.control.what_if import WhatIf
    from assent.protocols.every import HONOURS

    found = WhatIf()
    begin = output.now() - timedelta(seconds=seconds(since))
    for items in _pages(begin, most):
        found.add(items, before, after, HONOURS)
        output.live(f"{found.looked_at} decisions looked at, {found.changed} would change")
    return found


def _pages(begin: datetime, most: int) -> Iterator[list[Mapping[str, Any]]]:
    """Yield recorded decisions from the newest one back to `begin`, page by page."""
    from assent.cli.client import signed_in

    client, before, left = signed_in(), None, most
    while left > 0:
        page = client.get("/v1/decisions", before=before, limit=min(left, _PAGE))
        items = [
            item
            for item in page["items"]
            if datetime.fromisoformat(item["decision"]["at"]) >= begin
        ]
        yield items
        left -= len(items)
        before = page["before"]
        if before is None or len(items) < len(page["items"]):
            return


def _print(
    before: "PolicySet",
    after: "PolicySet",
    differences: "list[Difference]",
    found: "WhatIf | None",
) -> None:
    for difference in differences:
        for line in difference.lines():
            output.say(line)
        output.say()
    count = output.counted(len(differences), "policy differs", "policies differ")
    output.say(f"{before.revision} → {after.revision}: {count}")
    if found is not None:
        _print_what_if(found)


def _print_what_if(found: "WhatIf") -> None:
    from assent.control.what_if import KINDS

    output.say(f"\nof {output.counted(found.looked_at, 'decision')}, {found.changed} would change")
    if found.left_out:
        output.say(f"{found.left_out} could not be replayed: their evidence is not kept, or older")
    for group in sorted(found.groups.values(), key=lambda one: -one.count):
        policies = ", ".join(group.policies) or "no policy"
        people = ", ".join(sorted(group.people))
        output.say(f"\n{group.count} × {KINDS[group.kind]} ({policies}); {people}")
        for example in group.examples:
            text = example.text.splitlines()[0][:100] if example.text else example.verb
            output.say(f"    {example.person} on {example.target}: {text}")
            output.say(f"      {example.said}  [{example.action}]")


def _as_json(
    before: "PolicySet",
    after: "PolicySet",
    differences: "list[Difference]",
    found: "WhatIf | None",
) -> dict[str, Any]:
    what_if = None
    if found is not None:
        what_if = {
            "looked_at": found.looked_at,
            "left_out": found.left_out,
            "changed": found.changed,
            "groups": [
                {
                    "kind": group.kind,
                    "policies": list(group.policies),
                    "count": group.count,
                    "people": sorted(group.people),
                    "examples": [asdict(example) for example in group.examples],
                }
                for group in found.groups.values()
            ],
        }
    return {
        "before": before.revision,
        "after": after.revision,
        "differences": [asdict(difference) for difference in differences],
        "what_if": what_if,
    }
