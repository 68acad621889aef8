"""What the shell does itself: directories, names, traps, and words that are run as commands.

Source: POSIX.1-2017, 2.14; bash 5.2, SHELL BUILTIN COMMANDS.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from assent.protocols.ssh.commands.calls import Call, Invocation, Reader
from assent.protocols.ssh.commands.findings import quoted
from assent.protocols.ssh.commands.names import changes_what_runs, named
from assent.protocols.ssh.commands.options import Options, Undeclared, take
from assent.protocols.ssh.commands.places import Input, Outcome, entered
from assent.protocols.ssh.commands.words import Word, literal

HARMLESS = named(
    ": true false echo pwd shift break continue times jobs umask ulimit type fg bg disown suspend"
)
"""Change nothing outside the shell, whatever their words."""

_OPAQUE = named(
    "alias unalias enable bind complete compgen compopt shopt mapfile readarray fc history let"
    " export declare typeset local readonly unset coproc hash autoload zmodload emulate"
)
_SET = re.compile(r"[-+][euxfhmnbCaBEPTHvk]*o?|--|pipefail|errexit|nounset|xtrace|noglob|posix")


def tests_unknown(words: Sequence[Word]) -> bool:
    """Whether `test` with these words may reckon with a value, which can run commands.

    `-v name[$(command)]` does, and a word that is not known may become it.
    """
    if any(word.splits or word.value in ("-v", "-R") for word in words):
        return True
    return len(words) == 2 and not words[0].known


def _opaque(call: Call) -> Outcome:
    call.unknown(f"what {quoted(call.base)} changes in the shell is not read")
    return Outcome(None, None)


def _cd(call: Call) -> Outcome:
    here = call.scope.directories
    words = [one for one in call.words if one.value not in ("-P", "-L", "--")]
    if not words:
        home = call.scope.home
        return Outcome(None if home is None else frozenset({home}), here)
    if len(words) > 1 or not words[0].known:
        return Outcome(None, here)
    return Outcome(entered(words[0], call.scope), here)


def _lost(call: Call) -> Outcome:
    return Outcome(None, None)


def _exit(call: Call) -> Outcome:
    return Outcome(frozenset(), frozenset())


def _test(call: Call) -> Outcome:
    if tests_unknown(call.words):
        call.unknown("what it tests cannot be known")
    return call.stays


def _printf(call: Call) -> Outcome:
    first = call.words[0] if call.words else literal("")
    if first.splits or not first.prefix or first.prefix.startswith("-"):
        call.unknown("`printf` may set a name")
    return call.stays


def _set(call: Call) -> Outcome:
    for word in call.words:
        if word.value == "--":
            break
        if word.value is None or not _SET.fullmatch(word.value):
            call.unknown(f"what {quoted(word.written)} sets in the shell is not read")
    return call.stays


_READ = Options(flags="rse", valued="pntdNu", permuted=True)


def _read(call: Call) -> Outcome:
    try:
        names = take(call.words, _READ).operands
    except Undeclared as undeclared:
        call.unknown(str(undeclared))
        return call.stays
    for name in names:
        if name.value is None or changes_what_runs(name.value):
            problem = f"it sets {quoted(name.written)}, which may change what is run"
            call.unknown(problem)
    return call.stays


def _getopts(call: Call) -> Outcome:
    name = call.words[1].value if len(call.words) > 1 else None
    if name is None or changes_what_runs(name):
        call.unknown("`getopts` sets a name that may change what is run")
    return call.stays


def _wait(call: Call) -> Outcome:
    if not all(one.written == "$!" or (one.value or "").isdigit() for one in call.words):
        call.unknown("what `wait` waits for cannot be known")
    return call.stays


def _eval(call: Call) -> Outcome:
    if not all(word.known for word in call.words):
        call.unknown("what `eval` is given cannot be known")
        return Outcome(None, None)
    text = " ".join(word.value or "" for word in call.words)
    return call.text(text, replace(call.below(), input=Input.OUTSIDE, text=""))


def _source(call: Call) -> Outcome:
    if call.words:
        call.file("file.read", call.words[0])
    call.unknown("what is in the file that is sourced cannot be known")
    return Outcome(None, None)


def _trap(call: Call) -> Outcome:
    words = [word for word in call.words if word.value != "--"]
    if not words or words[0].value in ("", "-", "-l", "-p") or (words[0].value or "").isdigit():
        return call.stays
    if words[0].value is None:
        call.unknown("what `trap` runs cannot be known")
        return call.stays
    scope = replace(call.below(), directories=None, input=Input.OUTSIDE, text="")
    call.text(words[0].value, scope)
    return call.stays


def _exec(call: Call) -> Outcome:
    if not call.words:
        return call.stays
    return _inner(call, Options(flags="cl", valued="a", permuted=False))


def _command(call: Call) -> Outcome:
    first = call.words[0].value if call.words else ""
    if first in ("-v", "-V"):
        return call.stays
    return _inner(call, Options(flags="p", permuted=False))


def _inner(call: Call, declared: Options) -> Outcome:
    try:
        words = take(call.words, declared).operands
    except Undeclared as undeclared:
        call.unknown(str(undeclared))
        return Outcome(None, None)
    return call.run(Invocation(words), call.below()) if words else call.stays


BUILTINS: Mapping[str, Reader] = {
    **dict.fromkeys(_OPAQUE, _opaque),
    **dict.fromkeys(HARMLESS, lambda call: call.stays),
    "cd": _cd,
    "chdir": _cd,
    "pushd": _lost,
    "popd": _lost,
    "exit": _exit,
    "return": _exit,
    "logout": _exit,
    "test": _test,
    "[": lambda call: _test(replace(call, words=call.words[:-1])),
    "printf": _printf,
    "set": _set,
    "read": _read,
    "getopts": _getopts,
    "wait": _wait,
    "eval": _eval,
    "source": _source,
    ".": _source,
    "trap": _trap,
    "exec": _exec,
    "command": _command,
    "builtin": _command,
}
READS = HARMLESS | {
    *("cd", "chdir", "pushd", "popd", "exit", "return", "logout", "test", "[", "printf", "set"),
    *("read", "getopts", "wait", "eval", "trap", "exec", "command", "builtin"),
}
"""Builtins that change nothing by themselves; what they run is touched beside them."""
