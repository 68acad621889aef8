"""Programs with a small language of their own: grep, sed, awk, find, xargs.

Source: the manuals of GNU grep 3.8, sed 4.9, gawk 5.2, findutils 4.9.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from assent.protocols.ssh.commands.calls import Call, Invocation, Reader
from assent.protocols.ssh.commands.files import LIST, READ, WRITE
from assent.protocols.ssh.commands.findings import quoted
from assent.protocols.ssh.commands.names import named
from assent.protocols.ssh.commands.options import Options, Undeclared, take
from assent.protocols.ssh.commands.places import Input, Outcome
from assent.protocols.ssh.commands.words import Word, literal

_GREP = Options(
    "EFGPivwxcLloqsbHhnTZaIrRUyz",
    "efmABCdD",
    named("color= colour= ignore-case invert-match count quiet recursive line-number"),
    named("regexp file include exclude exclude-dir max-count context"),
)
_SED = Options(
    "nErsuzi",
    "el",
    frozenset({"quiet", "regexp-extended", "in-place=", "null-data"}),
    frozenset({"expression"}),
)
_IN_PLACE = re.compile(r"-[nErsuz]*i(.*)|--in-place(?:=(.*))?", re.S)
_ADDRESS = r"(?:\d+|\$|/[^/\\{}]*/)"
# One command that only prints, deletes or replaces in what passes; no e, r, w, W, R, F.
_HARMLESS_SED = re.compile(
    rf"\s*(?:{_ADDRESS}(?:\s*,\s*{_ADDRESS})?)?\s*!?\s*"
    r"(?:[pdqQ=]|s(?P<d>[/|#,:@])(?:(?!(?P=d))[^\\\n]|\\.)*(?P=d)(?:(?!(?P=d))[^\\\n]|\\.)*(?P=d)"
    r"[gpiI0-9]*)\s*"
)
_AWK = Options("", "Fv", frozenset(), frozenset({"field-separator", "assign"}), permuted=False)
_AWK_RUNS = re.compile(
    r"[|>@]|system|getline|close|fflush|ENVIRON|ARG[VC]|load|include|printf?\s*\(.*>"
)
_FIND_PLAIN = named(
    "-print -print0 -prune -quit -depth -d -daystart -mount -xdev -noleaf -empty -nouser -nogroup"
    " -readable -writable -executable -true -false -not -a -and -o -or ! ( ) , -follow -ls"
    " -ignore_readdir_race -nowarn -warn"
)
_FIND_VALUED = named(
    "-name -iname -path -ipath -wholename -iwholename -regex -iregex -regextype -lname -type -xtype"
    " -size -mtime -atime -ctime -mmin -amin -cmin -newer -anewer -cnewer -perm -user -group -uid"
    " -gid -links -inum -samefile -maxdepth -mindepth -fstype -printf -used -newermt"
)
_FIND_WRITES = frozenset({"-fprint", "-fprint0", "-fls"})
_XARGS = Options(
    "0rtxo",
    "dEILnPsa",
    frozenset({"null", "no-run-if-empty", "verbose"}),
    frozenset({"max-args", "max-procs", "delimiter", "arg-file"}),
    permuted=False,
)


def _grep(call: Call) -> Outcome:
    try:
        taken = take(call.words, _GREP)
    except Undeclared as undeclared:
        call.unknown(f"{quoted(call.base)}: {undeclared}")
        return call.stays
    for file in taken.values("-f", "--file"):
        call.file(READ, file)
    given = taken.has("-e", "--regexp", "-f", "--file")
    files = taken.operands if given else taken.operands[1:]
    for file in files:
        if file.value != "-":
            call.file(READ, file)
    if not files and taken.has("-r", "-R", "--recursive"):
        call.file(READ, literal("."))
    return call.stays


def _sed(call: Call) -> Outcome:
    words = call.words
    # `-i` takes a suffix only in the same word: then what was there is kept under that name.
    edits = [found for one in words if (found := _IN_PLACE.match(one.prefix))]
    words = [_without_suffix(one) if _IN_PLACE.match(one.prefix) else one for one in words]
    try:
        taken = take(words, _SED)
    except Undeclared as undeclared:
        call.unknown(f"`sed`: {undeclared}")
        return call.stays
    scripts = taken.values("-e", "--expression")
    files = list(taken.operands)
    if not scripts:
        scripts, files = files[:1], files[1:]
    for script in scripts:
        if script.value is None or not _harmless_sed(script.value):
            call.unknown(f"what the `sed` script {quoted(script.written)} does is not read")
    suffix = edits[-1][1] or edits[-1][2] or "" if edits else ""
    if re.search(r"[*/]", suffix):
        call.unknown("under which name `sed` keeps what was there is not read")
    for file in files:
        call.file(READ, file)
        if edits:
            call.file(WRITE, file)
        if suffix and file.known:
            call.file(WRITE, literal(f"{file.value}{suffix}", home=file.home))
    return call.stays


def _without_suffix(word: Word) -> Word:
    if word.value is None or word.value.startswith("--"):
        return word
    kept = word.value.partition("i")[0] + "i"
    return replace(word, value=kept, prefix=kept)


def _harmless_sed(script: str) -> bool:
    if _HARMLESS_SED.fullmatch(script):
        return True
    parts = [part for part in re.split(r"[;\n]", script) if part.strip()]
    return len(parts) < 50 and all(_HARMLESS_SED.fullmatch(part) for part in parts)


def _awk(call: Call) -> Outcome:
    try:
        taken = take(call.words, _AWK)
    except Undeclared as undeclared:
        call.unknown(f"{quoted(call.base)}: {undeclared}")
        return call.stays
    if not taken.operands:
        return call.stays
    script, *files = taken.operands
    if script.value is None or _AWK_RUNS.search(script.value):
        call.unknown("what the `awk` program does is not read")
    for file in files:
        if not re.match(r"[A-Za-z_]\w*=", file.prefix) and file.value != "-":
            call.file(READ, file)
    return call.stays


def _find(call: Call) -> Outcome:
    waiting = list(reversed(call.words))
    starts: list[Word] = []
    while waiting and waiting[-1].value in ("-H", "-L", "-P"):
        waiting.pop()
    while waiting and not re.match(r"[-!(),]", waiting[-1].prefix or "."):
        starts.append(waiting.pop())
    starts = starts or [literal(".")]
    for start in starts:
        if start.value is None and (start.splits or not start.prefix):
            call.unknown(f"{quoted(start.written)} may be an action of `find`")
        call.file(LIST, start)
    while waiting:
        _expression(call, waiting, starts)
    return call.stays


def _expression(call: Call, waiting: list[Word], starts: list[Word]) -> None:
    """Read one part of an expression, taken from the end of what waits."""
    word = waiting.pop()
    value = word.value
    if value in _FIND_PLAIN:
        return
    if value in ("-exec", "-execdir", "-ok", "-okdir"):
        _each(call, waiting)
    elif value in _FIND_WRITES and waiting:
        call.file(WRITE, waiting.pop())
    elif value == "-fprintf" and len(waiting) > 1:
        call.file(WRITE, waiting.pop())
        waiting.pop()
    elif value == "-delete":
        for start in starts:
            call.file("file.delete", start)
        call.unknown("which files `find` deletes cannot be known")
    elif value in _FIND_VALUED and waiting:
        if waiting.pop().splits:
            call.unknown("a value given to `find` may be an action")
    else:
        call.unknown(f"what {quoted(word.written)} does to what `find` finds is not known")


def _each(call: Call, waiting: list[Word]) -> None:
    inner: list[Word] = []
    while waiting:
        word = waiting.pop()
        if word.value == ";" or (word.value == "+" and inner and "{}" in inner[-1].written):
            break
        inner.append(_found(word) if "{}" in word.written else word)
    else:
        call.unknown("the command that `find` runs does not end")
    call.run(Invocation(inner), replace(call.below(), directories=None))


def _found(word: Word) -> Word:
    """Return a word that holds what was found."""
    prefix = word.prefix.partition("{}")[0]
    return replace(word, value=None, prefix=prefix, splits=True)


def _xargs(call: Call) -> Outcome:
    try:
        taken = take(call.words, _XARGS)
    except Undeclared as undeclared:
        call.unknown(f"`xargs`: {undeclared}")
        return call.stays
    for file in taken.values("-a", "--arg-file"):
        call.file(READ, file)
    replaced = [one.value for one in taken.values("-I")]
    if None in replaced or "" in replaced:
        call.unknown("what `xargs` replaces cannot be known")
        replaced = []
    words = [
        replace(one, value=None, prefix="", splits=True)
        if any(mark and mark in one.shown for mark in replaced)
        else one
        for one in taken.operands
    ]
    if not replaced:
        words.append(Word(-1, -1, "what xargs reads", None, "", splits=True))
    if not taken.operands:
        words.insert(0, literal("echo"))
    call.run(Invocation(words), replace(call.below(), input=Input.NOTHING, text=""))
    return call.stays


SEARCHERS: Mapping[str, Reader] = {
    **dict.fromkeys(("grep", "egrep", "fgrep"), _grep),
    "sed": _sed,
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk"), _awk),
    "find": _find,
    "xargs": _xargs,
}
