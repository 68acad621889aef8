"""Well-known programs and the files that they read and write: one table, and how it is read.

Source: the manuals of GNU coreutils 9.1, of findutils, diffutils and util-linux; BusyBox and BSD
have fewer options of the same meaning. An option that is not listed makes the reading incomplete.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from assent.protocols.ssh.commands.calls import Call
from assent.protocols.ssh.commands.options import Options, Taken, Undeclared, take
from assent.protocols.ssh.commands.words import Word, literal

LIST, READ, WRITE = "file.list", "file.read", "file.write"
DELETE, ADMINISTER = "file.delete", "file.administer"


@dataclass(frozen=True, slots=True)
class Files:
    """How a program's words name files.

    each: what is done to each operand; of several verbs, each. first: the first operand is
    something else, such as a mode or a pattern, unless one of the options in `instead` is given.
    last: what is done to the last operand instead, where there are two or more; `into`: it may be
    a folder, and then a file of the same name in it is meant. by: option → what is done to its
    value. none: what is done to the current folder where there are no operands.
    """

    options: Options
    each: tuple[str, ...]
    first: bool = False
    instead: tuple[str, ...] = ()
    last: str = ""
    into: bool = False
    by: Mapping[str, str] = field(default_factory=dict)
    none: str = ""
    most: int = 0


def _files(
    flags: str,
    valued: str,
    each: str,
    long: str = "",
    long_valued: str = "",
    *,
    first: bool = False,
    instead: tuple[str, ...] = (),
    last: str = "",
    into: bool = False,
    by: Mapping[str, str] | None = None,
    none: str = "",
    most: int = 0,
) -> Files:
    names = frozenset((*long.split(), "help", "version"))
    options = Options(flags, valued, names, frozenset(long_valued.split()))
    return Files(options, tuple(each.split()), first, instead, last, into, by or {}, none, most)


_COPY = {"-t": WRITE, "--target-directory": WRITE}
_MODES = "recursive verbose changes silent quiet preserve-root no-preserve-root"
_COUNTED = "bytes lines"
_SUMS = _files("bctwz", "", READ, "binary text tag zero")

FILES: Mapping[str, Files] = {
    "cat": _files("AbeEnstTuv", "", READ, "number number-nonblank show-all squeeze-blank"),
    "tac": _files("b", "s", READ),
    "nl": _files("p", "bdfhilnsvw", READ),
    "head": _files("qvz0123456789", "cn", READ, "quiet silent verbose", _COUNTED),
    "tail": _files("fFqvz0123456789", "cnsp", READ, "follow= quiet retry", f"{_COUNTED} pid"),
    "less": _files("eEFiIMnNqrRsSX", "", READ),
    "more": _files("dflpcsu", "n", READ),
    "wc": _files("clLmw", "", READ, "bytes chars lines words max-line-length"),
    "cut": _files("nsz", "bcdf", READ, "complement only-delimited", "delimiter fields characters"),
    "paste": _files("sz", "d", READ),
    "join": _files("iz", "aejotv12", READ),
    "comm": _files("123z", "", READ),
    "cmp": _files("bls", "in", READ),
    "diff": _files("abBcdeEiNpqrstTuwyZ", "CIUWxX", READ, "brief unified= color=", by={"-X": READ}),
    "tr": _files("cCdst", "", ""),
    "rev": _files("", "", READ),
    "od": _files("bcdfiosxv", "ANjStw", READ),
    "hexdump": _files("bcCdovx", "ns", READ),
    "strings": _files("af", "ents", READ),
    "base64": _files("di", "w", READ, "decode ignore-garbage", "wrap"),
    "zcat": _files("f", "", READ),
    "md5sum": _SUMS,
    "sha1sum": _SUMS,
    "sha256sum": _SUMS,
    "sha512sum": _SUMS,
    "cksum": _SUMS,
    "stat": _files("Lft", "c", LIST, "dereference file-system terse", "format printf"),
    "ls": _files(
        *("1aAbBcCdfFgGhHiklLmnNopqQrRsStuUvxXZ", "ITw", LIST),
        "all almost-all color= full-time human-readable recursive reverse sort= time-style=",
        none=LIST,
    ),
    "dir": _files("1aAlhrtRS", "", LIST, none=LIST),
    "du": _files("0abcDhHklLmsSx", "dtX", LIST, "all apparent-size summarize total", "max-depth"),
    "readlink": _files("efmnqsvz", "", LIST),
    "realpath": _files("eLmPqsz", "", LIST),
    "file": _files("bhikLNprs", "F", READ, "brief mime mime-type dereference"),
    "sort": _files(
        *("bcCdfghiMmnrRsuVz", "koSt", READ, "reverse unique numeric-sort", "key output"),
        by={"-o": WRITE, "--output": WRITE},
    ),
    "uniq": _files("cdDiuz", "fsw", READ, "count", last=WRITE, most=2),
    "shuf": _files("rz", "no", READ, "", "output", by={"-o": WRITE, "--output": WRITE}),
    "cp": _files(
        *("adfHiLlnpPrRsTuvxZ", "t", READ),
        "archive force no-clobber preserve= recursive update verbose",
        *("target-directory no-preserve",),
        last=WRITE,
        into=True,
        by=_COPY,
    ),
    "mv": _files(
        *("finTuvZ", "t", f"{READ} {DELETE}"),
        *("force no-clobber update verbose", "target-directory"),
        last=WRITE,
        into=True,
        by=_COPY,
    ),
    "install": _files(
        *("cCDpTvd", "gmot", f"{READ} {WRITE}"),
        *("verbose directory", "target-directory mode owner group"),
        last=WRITE,
        into=True,
        by=_COPY,
    ),
    "ln": _files(
        *("finrsTvLP", "t", ADMINISTER),
        *("force symbolic relative verbose", "target-directory"),
        last=ADMINISTER,
        into=True,
        by={"-t": ADMINISTER, "--target-directory": ADMINISTER},
    ),
    "link": _files("", "", ADMINISTER),
    "unlink": _files("", "", DELETE),
    "rm": _files(
        "dfiIrRv", "", DELETE, "recursive force verbose dir one-file-system no-preserve-root"
    ),
    "rmdir": _files("v", "", DELETE, "verbose ignore-fail-on-non-empty"),
    "shred": _files("fuvxz", "ns", f"{WRITE} {DELETE}", "force zero verbose", "iterations size"),
    "mkdir": _files("pv", "m", WRITE, "parents verbose", "mode"),
    "mkfifo": _files("", "m", WRITE, "", "mode"),
    "mknod": _files("", "m", ADMINISTER),
    "touch": _files("acfhm", "drt", WRITE, "no-create", "date reference"),
    "truncate": _files("co", "rs", WRITE, "no-create", "size reference"),
    "tee": _files("aip", "", WRITE, "append ignore-interrupts"),
    "chmod": _files("Rvcf", "", ADMINISTER, _MODES, "reference", first=True),
    "chown": _files("RvcfhHLP", "", ADMINISTER, _MODES, "reference from", first=True),
    "chgrp": _files("RvcfhHLP", "", ADMINISTER, _MODES, "reference", first=True),
    "setfacl": _files("bkRdn", "mx", ADMINISTER, "", "modify remove"),
    "chattr": _files("Rv", "", ADMINISTER, first=True),
    "sync": _files("df", "", WRITE),
}


@dataclass(slots=True)
class Uses:
    """What a call does to files, noted after the program itself."""

    call: Call
    found: list[tuple[str, Word]] = field(default_factory=list)
    here: str = ""
    problem: str = ""

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return not self.problem and all(verb in (LIST, READ) for verb, _ in self.found)

    def note(self) -> None:
        """Note all of it."""
        for verb, word in self.found:
            if not (verb == READ and word.value == "-"):
                self.call.file(verb, word)
        if self.here:
            self.call.file(self.here, literal("."))
        if self.problem:
            self.call.unknown(self.problem)


def read_files(call: Call) -> Uses:
    """Return what a program of the table does to files."""
    files = FILES[call.base]
    uses = Uses(call)
    try:
        taken = take(call.words, files.options)
    except Undeclared as undeclared:
        uses.problem = f"`{call.base}`: {undeclared}"
        _guessed(uses, files)
        return uses
    for name, value in taken.options:
        if value is not None and name in files.by:
            uses.found.append((files.by[name], value))
    _operands(uses, files, taken)
    return uses


def _operands(uses: Uses, files: Files, taken: Taken) -> None:
    operands = list(taken.operands)
    if files.first and operands and not taken.has("--reference"):
        operands.pop(0)
    target: Word | None = None
    elsewhere = taken.values("-t", "--target-directory") if files.into else []
    if elsewhere:
        target = elsewhere[0]
    elif files.last and len(operands) > 1:
        target = operands.pop()
        uses.found.append((files.last, target))
    if files.most and len(operands) + (target is not None) > files.most:
        uses.problem = f"`{uses.call.base}` has more operands than are known to be"
    for operand in operands:
        uses.found += [(verb, operand) for verb in files.each]
        if target is not None and files.into and not taken.has("-T"):
            uses.found.append((files.last, _below(target, operand)))
    if files.last == ADMINISTER and target is None and len(operands) == 1:
        # A link of the same name, in the current folder.
        uses.found.append((ADMINISTER, _below(literal("."), operands[0])))
    if not operands and not taken.operands:
        uses.here = files.none


def _below(folder: Word, source: Word) -> Word:
    """Return the file of the source's name in that folder."""
    if folder.value is None or source.value is None:
        return Word(-1, -1, f"{folder.written}/…", None, "")
    name = source.value.rstrip("/").rsplit("/", 1)[-1]
    path = f"{folder.value}/{name}" if folder.value else ""
    return Word(-1, -1, path, path, path, home=folder.home)


def _guessed(uses: Uses, files: Files) -> None:
    """Note what the words that are no options may be: it is incomplete anyhow."""
    for word in uses.call.words:
        if word.known and not (word.value or "").startswith("-"):
            uses.found += [(verb, word) for verb in {*files.each, files.last} - {""}]
