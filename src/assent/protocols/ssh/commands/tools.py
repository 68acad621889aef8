"""Git, and other tools whose words may have them run something else."""

import re
from collections.abc import Mapping

from assent.protocols.ssh.commands.calls import Call, Reader
from assent.protocols.ssh.commands.findings import quoted
from assent.protocols.ssh.commands.names import named
from assent.protocols.ssh.commands.places import Outcome

# Of git's own commands those that run nothing by their words, but for hooks and its settings.
_GIT = named(
    "add am annotate apply blame branch cat-file checkout cherry-pick clean clone commit describe"
    " diff fetch format-patch fsck gc grep init log ls-files ls-remote ls-tree merge mv notes prune"
    " pull push rebase reflog remote reset restore rev-list rev-parse revert rm shortlog show stash"
    " status switch tag worktree"
)
_GIT_BEFORE = frozenset({"--no-pager", "--bare", "--no-optional-locks", "-P"})
_GIT_RUNS = re.compile(
    r"(-c|-u|-x|-O.*|--exec.*|--upload.*|--rece.*|--ext-diff|--textconv|--open.*|--conf.*"
    r"|--template.*|--recurse.*|--separate-git-dir.*|.*ext::.*|--edit|-e|--gpg.*|-S|-i"
    r"|--interactive)",
    re.S,
)


def _git(call: Call) -> Outcome:
    words = list(call.words)
    while words and words[0].value in (*_GIT_BEFORE, "-C"):
        folder = words.pop(0).value == "-C"
        if folder and words and words.pop(0).splits:
            call.unknown("which command of `git` is meant cannot be known")
    if not words:
        return call.stays
    if words[0].value in ("--version", "version", "help", "--help"):
        return call.stays
    if words[0].value not in _GIT:
        call.unknown(f"what `git {words[0].written[:80]}` runs is not read")
    if words[0].value == "diff" and any(re.match(r"[/~]|\.\.", one.prefix) for one in words[1:]):
        call.unknown("`git diff` may compare files outside of any repository")
    for word in words[1:]:
        if word.value is None and (word.splits or not word.prefix):
            call.unknown(f"what {quoted(word.written)} is to `git` cannot be known")
        elif _GIT_RUNS.fullmatch(word.prefix):
            call.unknown(f"{quoted(word.written)} may have `git` run something")
    return call.stays


TOOLS: Mapping[str, Reader] = {"git": _git}
