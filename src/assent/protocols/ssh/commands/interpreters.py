"""Shells and interpreters: what they are given is read if it is for a shell, otherwise not."""

import re
from collections.abc import Mapping
from dataclasses import replace

from assent.protocols.ssh.commands.calls import Call, Invocation, Reader
from assent.protocols.ssh.commands.findings import quoted
from assent.protocols.ssh.commands.names import named
from assent.protocols.ssh.commands.options import Options, Undeclared, take
from assent.protocols.ssh.commands.places import Input, Outcome
from assent.protocols.ssh.commands.words import Word, literal

SHELLS = named("sh bash dash ash ksh mksh rbash")
_SHELL = Options(
    "ceuxlfhmnpvCBEb", "o", frozenset({"login", "norc", "noprofile", "posix"}), permuted=False
)
_SET = named("pipefail errexit nounset xtrace noglob noclobber nolog notify posix")
_NUMBERED = re.compile(r"(python|pypy|perl|ruby|lua|php|tclsh|wish|node|nodejs|guile)[\d.]*")
_INTERPRETERS: Mapping[str, Options] = {
    "python": Options("BEIsSuOvbqx", "", frozenset(), permuted=False),
    "pypy": Options("BEIsSuOvbq", "", frozenset(), permuted=False),
    "perl": Options("wWtTuU", "", frozenset(), permuted=False),
    "ruby": Options("wW", "", frozenset(), permuted=False),
    "node": Options("", "", frozenset({"no-warnings"}), permuted=False),
    "nodejs": Options("", "", frozenset({"no-warnings"}), permuted=False),
    "php": Options("fn", "", frozenset(), permuted=False),
    "lua": Options("", "", frozenset(), permuted=False),
    "tclsh": Options("", "", frozenset(), permuted=False),
    "Rscript": Options("", "", frozenset({"vanilla"}), permuted=False),
}
# Programs that run what they are told in a language that is not read here, or by typing.
OPAQUE = named(
    "vi vim view nvim ex ed red nano emacs pico joe gdb lldb expect screen tmux script scriptreplay"
    " at batch crontab socat nc ncat netcat telnet psql mysql mariadb sqlite3 mongo mongosh irb"
    " ipython ghci R julia pwsh zsh fish csh tcsh rc es busybox-sh dc bc m4 gnuplot octave groovy"
    " jshell erl iex elixir osascript wish guile sftp ftp lftp mail mutt rlwrap rlogin rsh"
    " unshare nsenter capsh strace ltrace perf valgrind debugfs parted fdisk systemd-run"
    " sudoedit visudo vipw vigr pkexec run-parts start-stop-daemon dbus-send busctl gdbus parallel"
    " patch split top htop watchman"
)
_LOADERS = re.compile(r"ld-linux.*|ld\.so.*|ld-musl.*|ld64\.so.*")


def interpreter(base: str) -> Reader | None:
    """Return what reads a program of that name, None if it is no interpreter."""
    if base in SHELLS:
        return _shell
    if base in OPAQUE or _LOADERS.fullmatch(base):
        return _opaque
    if base in _INTERPRETERS or _NUMBERED.fullmatch(base):
        return _interpreter
    return None


def _opaque(call: Call) -> Outcome:
    call.unknown(f"what {quoted(call.base)} is told to do is not read")
    return call.stays


def _shell(call: Call) -> Outcome:
    attached = any(
        re.match(r"-[^-]*[oO].", one.prefix) or one.prefix[:1] == "+" for one in _led(call)
    )
    try:
        taken = take(call.words, _SHELL)
    except Undeclared as undeclared:
        call.unknown(f"{quoted(call.base)}: {undeclared}")
        return call.stays
    if attached or any(one.value not in _SET for one in taken.values("-o")):
        call.unknown(f"an option of {quoted(call.base)} is not read")
    if not taken.operands:
        if taken.has("-c"):
            call.unknown(f"{quoted(call.base)} is given no command")
        else:
            _typed(call)
        return call.stays
    first = taken.operands[0]
    if taken.has("-c"):
        run_text(call, first)
    else:
        _script(call, first, taken.operands[1:])
    return call.stays


def _led(call: Call) -> list[Word]:
    """Return the words that begin as options do."""
    return [one for one in call.words if one.prefix[:1] in ("-", "+") and one.prefix[:2] != "--"]


def run_text(call: Call, word: Word) -> Outcome:
    """Read a word that a shell runs as a text."""
    if word.value is None:
        call.unknown(f"what {quoted(call.base)} runs, {quoted(word.written)}, cannot be known")
        return call.stays
    given = Input.NOTHING if call.scope.input is Input.NOTHING else Input.OUTSIDE
    call.text(word.value, replace(call.below(), input=given, text=""))
    return call.stays


def _typed(call: Call) -> None:
    """Note that it runs what comes on its input. What is known of that is shown, not relied on:
    a command in it may take lines away from what is run after it.
    """
    if call.scope.input is Input.NOTHING:
        return
    call.unknown(f"{quoted(call.base)} runs what comes on its input")
    if call.scope.input is Input.KNOWN and call.base in SHELLS:
        call.text(call.scope.text, replace(call.below(), input=Input.OUTSIDE, text=""))


def _script(call: Call, file: Word, words: list[Word]) -> None:
    """Note the script as the program that it is."""
    value = file.value
    if value in ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0") or not value:
        call.unknown(f"which script {quoted(call.base)} runs cannot be known")
        return
    if value.startswith(("/dev/", "/proc/")):
        call.unknown(f"what {quoted(value)} holds cannot be known")
    path = file
    if "/" not in value:
        path = literal(f"./{value}")
    call.run(Invocation([path, *words]), replace(call.below(), input=Input.OUTSIDE, text=""))


def _interpreter(call: Call) -> Outcome:
    found = _NUMBERED.fullmatch(call.base)
    options = _INTERPRETERS.get(call.base) or _INTERPRETERS.get(found[1] if found else "")
    if [one.value for one in call.words] in (["--version"], ["-V"], ["-v"]):
        return call.stays
    if options is None:
        return _opaque(call)
    try:
        taken = take(call.words, options)
    except Undeclared:
        call.unknown(f"{quoted(call.base)} may be given code to run, which is not read")
        return call.stays
    if taken.operands:
        _script(call, taken.operands[0], taken.operands[1:])
    else:
        _typed(call)
    return call.stays
