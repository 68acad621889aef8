"""Writes docs/reference/roles.md from `assent.core.role`; a test keeps it current."""

import ast
import inspect
import sys
from pathlib import Path

from assent.core import role
from assent.core.role import PERMISSIONS, ROLE_GROUPS, Permission, Role

PATH = Path(__file__).resolve().parent.parent / "docs" / "reference" / "roles.md"
_HEAD = """\
# Roles and permissions

Written by `tools/write_role_reference.py`; do not edit. What roles are for, and what they are not:
[Roles](../explanation/roles.md).

A route of the API and a page of the console each need one of some permissions. Everybody who may
sign in is a requester; the other roles come from groups, which `[roles]` in
[the configuration](configuration.md) names, or are given to somebody by themselves.

"""


def text() -> str:
    """Return the reference in Markdown."""
    return _HEAD + _roles() + "\n" + _permissions()


def _roles() -> str:
    lines = ["| role | comes from, where nothing else is said |", "|---|---|"]
    for one in Role:
        groups = [f"members of `{name}`" for name, given in ROLE_GROUPS.items() if given is one]
        lines.append(f"| `{one}` | {', '.join(groups) or 'being there'} |")
    return "\n".join(lines) + "\n"


def _permissions() -> str:
    said = _said()
    lines = [
        "| permission | what for | " + " | ".join(Role) + " |",
        "|---|---|" + "---|" * len(Role),
    ]
    for one in Permission:
        marks = " | ".join("yes" if one in PERMISSIONS[each] else "" for each in Role)
        lines.append(f"| `{one}` | {said.get(one.name, '')} | {marks} |")
    return "\n".join(lines) + "\n"


def _said() -> dict[str, str]:
    """Return what stands under each permission in the code."""
    tree = ast.parse(inspect.getsource(role))
    (kind,) = (
        node
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == Permission.__name__
    )
    found: dict[str, str] = {}
    name = ""
    for node in kind.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
        elif name and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found[name] = " ".join(str(node.value.value).split())
            name = ""
    return found


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(PATH.read_text(encoding="utf-8") != text())
    PATH.write_text(text(), encoding="utf-8")
