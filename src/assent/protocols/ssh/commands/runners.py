"""Programs that run another one: as somebody else, later, limited, elsewhere.

Source: the manuals of sudo 1.9, OpenDoas, util-linux 2.38, coreutils 9.1, procps, OpenSSH 9.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from assent.protocols.ssh.commands.calls import Call, Invocation, Reader
from assent.protocols.ssh.commands.findings import quoted
from assent.protocols.ssh.commands.interpreters import SHELLS, run_text
from assent.protocols.ssh.commands.names import ASSIGNMENT, changes_what_runs
from assent.protocols.ssh.commands.options import Options, Taken, Undeclared, take
from assent.protocols.ssh.commands.places import Input, Outcome
from assent.protocols.ssh.commands.words import Word, literal


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs its operands, after the first `skipped` of them."""

    options: Options
    skipped: int = 0


def _runner(flags: str = "", valued: str = "", skipped: int = 0, long: str = "") -> Runner:
    names = long.split()
    taking = frozenset(one.rstrip("=") for one in names if one.endswith("="))
    rest = frozenset(one for one in names if not one.endswith("="))
    return Runner(Options(flags, valued, rest, taking, permuted=False), skipped)


_PLAIN: Mapping[str, Runner] = {
    "nohup": _runner(),
    "nice": _runner("", "n", 0, "adjustment="),
    "ionice": _runner("t", "cn", 0, "class= classdata="),
    "timeout": _runner("v", "ks", 1, "foreground preserve-status verbose kill-after= signal="),
    "setsid": _runner("cfw", "", 0, "fork wait ctty"),
    "stdbuf": _runner("", "ioe", 0, "input= output= error="),
    "time": _runner("pv", "f"),
    "chrt": _runner("abfior", "", 1),
    "taskset": _runner("a", "", 1),
    "busybox": _runner(),
    "toybox": _runner(),
    "setarch": _runner("R", "", 1),
    "linux64": _runner(),
    "unbuffer": _runner("p"),
    "chpst": _runner(),
    "catchsegv": _runner(),
    "fakeroot": _runner(),
    "sg": _runner("", "", 99),
}
_SUDO = Options(
    "bEHnPSisk",
    "uUgpCTtr",
    frozenset({"non-interactive", "set-home", "preserve-env=", "stdin", "login", "shell"}),
    frozenset({"user", "group", "prompt"}),
    permuted=False,
)
_DOAS = Options("Lns", "u", permuted=False)
_SU = Options(
    "lmpf",
    "cs",
    frozenset({"login", "preserve-environment"}),
    frozenset({"command", "shell"}),
)
_RUNUSER = Options("lmpf", "ucsgG", frozenset({"login"}), frozenset({"user", "command"}))
_ENV = Options(
    "i0v", "u", frozenset({"ignore-environment", "null"}), frozenset({"unset"}), permuted=False
)
_WATCH = Options(
    "bceEtxg", "n", frozenset({"differences", "no-title"}), frozenset({"interval"}), permuted=False
)
_FLOCK = Options(
    "nsxeuFov", "wEc", frozenset({"nonblock", "shared", "exclusive"}), frozenset({"wait"})
)
_SSH = Options("1246aCfgKkMNnqsTtVvxXYy", "bcDEeFIiJLlmOopQRSWw", permuted=False)
_SSH_OPTIONS = re.compile(
    r"(StrictHostKeyChecking|BatchMode|ConnectTimeout|LogLevel|User|Port|ServerAlive\w+"
    r"|HostKeyAlias|PreferredAuthentications|ConnectionAttempts|IdentitiesOnly|RequestTTY"
    r"|UserKnownHostsFile=/dev/null)(=.*)?",
    re.I,
)


def _taken(call: Call, options: Options, words: list[Word] | None = None) -> Taken | None:
    try:
        return take(call.words if words is None else words, options)
    except Undeclared as undeclared:
        call.unknown(f"{quoted(call.base)}: {undeclared}")
        _guessed(call)
        return None


def _guessed(call: Call) -> None:
    """Show the programs that may be meant: what is incomplete is still told as well as it can."""
    for at, word in enumerate(call.words):
        if word.known and word.value and not word.value.startswith("-"):
            call.run(Invocation(call.words[at:]), call.below())
            return


def _plain(call: Call) -> Outcome:
    runner = _PLAIN[call.base]
    taken = _taken(call, runner.options)
    if taken is None:
        return call.stays
    words = taken.operands[runner.skipped :]
    if any(one.splits for one in taken.operands[: runner.skipped]):
        call.unknown(f"what {quoted(call.base)} runs cannot be known")
    if words:
        call.run(Invocation(words), call.below())
    elif call.base == "time" or (runner.skipped and call.words):
        call.unknown(f"what {quoted(call.base)} runs cannot be known")
    return call.stays


def _env(call: Call) -> Outcome:
    taken = _taken(call, _ENV)
    if taken is None:
        return call.stays
    _given(call, taken.operands, call)
    return call.stays


def _given(call: Call, words: list[Word], by: Call) -> None:
    """Read `NAME=value … program word …`."""
    rest = list(words)
    found: list[str] = []
    while rest and (match := ASSIGNMENT.match(rest[0].prefix)):
        if changes_what_runs(match[1]):
            call.unknown(f"it sets {quoted(match[1])}, which may change what is run")
        found.append(rest.pop(0).shown)
    if rest:
        by.run(Invocation(rest, tuple(found)), by.below())


def _elevate(call: Call, names: list[Word]) -> str:
    """Note that it becomes another account, root for none; return which, empty if not known."""
    if any(one.value is None for one in names):
        call.unknown("which account it becomes cannot be known")
    account = (names[-1].value or "") if names else "root"
    account = {"#0": "root", "0": "root"}.get(account, account)
    call.findings.touch("ssh.elevate", "Account", account or "*", call.scope.through)
    return account


def _as(call: Call, account: str, *, fresh: bool) -> Call:
    """Return the call in the scope of that account; fresh: in its home, with its settings."""
    home = f"~{account}" if account else None
    scope = replace(call.scope, home=home if fresh else None, account=account)
    if fresh:
        scope = replace(scope, directories=None if home is None else frozenset({home}))
    return replace(call, scope=scope)


def _sudo(call: Call) -> Outcome:
    taken = _taken(call, _SUDO)
    if taken is None:
        _elevate(call, [literal("*")])
        return call.stays
    account = _elevate(call, taken.values("-u", "--user"))
    for group in taken.values("-g", "--group"):
        call.findings.touch("ssh.elevate", "Account", f":{group.shown}", call.scope.through)
    fresh = taken.has("-i", "--login")
    inner = _as(call, account, fresh=fresh)
    if taken.has("-S", "--stdin"):
        inner = replace(inner, scope=replace(inner.scope, input=Input.OUTSIDE, text=""))
    if taken.operands:
        _given(call, taken.operands, inner)
    elif fresh or taken.has("-s", "--shell"):
        call.unknown("it opens a shell")
    return call.stays


def _doas(call: Call) -> Outcome:
    taken = _taken(call, _DOAS)
    if taken is None:
        _elevate(call, [literal("*")])
        return call.stays
    account = _elevate(call, taken.values("-u"))
    if taken.operands:
        inner = _as(call, account, fresh=False)
        inner.run(Invocation(taken.operands), inner.below())
    else:
        call.unknown("it opens a shell")
    return call.stays


def _su(call: Call) -> Outcome:
    taken = _taken(call, _SU)
    if taken is None:
        _elevate(call, [literal("*")])
        return call.stays
    names = [one for one in taken.operands if one.value != "-"]
    account = _elevate(call, names[:1])
    fresh = taken.has("-l", "--login") or len(names) < len(taken.operands)
    _commands(call, _as(call, account, fresh=fresh), taken, len(names) > 1)
    return call.stays


def _runuser(call: Call) -> Outcome:
    taken = _taken(call, replace(_RUNUSER, permuted=False))
    if taken is None:
        _elevate(call, [literal("*")])
        return call.stays
    if users := taken.values("-u", "--user"):
        inner = _as(call, _elevate(call, users), fresh=False)
        inner.run(Invocation(taken.operands), inner.below())
        return call.stays
    return _su(call)


def _commands(call: Call, inner: Call, taken: Taken, more: bool) -> None:
    commands = taken.values("-c", "--command")
    shells = [(one.value or "").rsplit("/", 1)[-1] for one in taken.values("-s", "--shell")]
    if more or any(one not in SHELLS for one in shells):
        call.unknown(f"what {quoted(call.base)} runs is not read")
    if not commands:
        call.unknown("it opens a shell")
    for command in commands:
        run_text(inner, command)


def _watch(call: Call) -> Outcome:
    taken = _taken(call, _WATCH)
    if taken is None or not taken.operands:
        return call.stays
    if taken.has("-x"):
        call.run(Invocation(taken.operands), call.below())
    else:
        _joined(call, taken.operands)
    return call.stays


def _joined(call: Call, words: list[Word]) -> None:
    """Read words that are joined with blanks and run by a shell."""
    if all(word.known for word in words):
        run_text(call, literal(" ".join(word.value or "" for word in words)))
    else:
        call.unknown(f"what {quoted(call.base)} runs cannot be known")
        call.run(Invocation(words), call.below())


def _flock(call: Call) -> Outcome:
    taken = _taken(call, replace(_FLOCK, permuted=False))
    if taken is None:
        return call.stays
    rest = taken.operands[1:]
    for word in taken.operands[:1]:
        call.file("file.write", word)
    if rest and rest[0].value in ("-c", "--command"):
        _joined(call, rest[1:])
    elif rest:
        call.run(Invocation(rest), call.below())
    return call.stays


def _chroot(call: Call) -> Outcome:
    taken = _taken(call, Options(permuted=False))
    if taken is None:
        return call.stays
    call.unknown("what a program is, in another root, cannot be known")
    if taken.operands[1:]:
        call.run(Invocation(taken.operands[1:]), replace(call.below(), directories=None))
    return call.stays


def _ssh(call: Call) -> Outcome:
    taken = _taken(call, _SSH)
    if taken is None:
        return call.stays
    for name, value in taken.options:
        fine = value is None or name in ("-l", "-p", "-c", "-m", "-b", "-i", "-J")
        if name == "-o" and value is not None:
            fine = value.known and bool(_SSH_OPTIONS.fullmatch(value.value or ""))
        if not fine or name in ("-s", "-N", "-M"):
            call.unknown(f"what `ssh {name}` does is not read")
    if not taken.operands or not taken.operands[0].known:
        call.unknown("which host `ssh` reaches cannot be known")
        return call.stays
    host = (taken.operands[0].value or "").rsplit("@", 1)[-1]
    rest = taken.operands[1:]
    there = replace(
        *(call.scope,), directories=frozenset({"~"}), home="~", elsewhere=host, account=""
    )
    inner = replace(call, scope=there)
    if rest:
        _joined(inner, rest)
    else:
        call.unknown("it opens a shell on another machine")
    return call.stays


RUNNERS: Mapping[str, Reader] = {
    **dict.fromkeys(_PLAIN, _plain),
    "env": _env,
    "sudo": _sudo,
    "doas": _doas,
    "su": _su,
    "runuser": _runuser,
    "watch": _watch,
    "flock": _flock,
    "chroot": _chroot,
    "ssh": _ssh,
}
