"""What a simple command runs: the program is touched, then read by whatever knows it."""

from collections.abc import Callable
from dataclasses import replace

from assent.protocols.ssh.commands.builtins import BUILTINS, READS
from assent.protocols.ssh.commands.calls import Call, Invocation
from assent.protocols.ssh.commands.fetching import FETCHERS
from assent.protocols.ssh.commands.files import FILES, read_files
from assent.protocols.ssh.commands.findings import Findings, cut, quoted
from assent.protocols.ssh.commands.harmless import only_reads, pages
from assent.protocols.ssh.commands.interpreters import interpreter
from assent.protocols.ssh.commands.names import ASSIGNMENT, RESERVED, only_shows
from assent.protocols.ssh.commands.places import Outcome, Scope, paths
from assent.protocols.ssh.commands.remote_ends import REMOTE_ENDS
from assent.protocols.ssh.commands.runners import RUNNERS
from assent.protocols.ssh.commands.searching import SEARCHERS
from assent.protocols.ssh.commands.tools import TOOLS
from assent.protocols.ssh.commands.words import Word

MOST_WORDS = 200
_MOST_DEPTH = 12
_USUAL = ("/bin", "/usr/bin", "/sbin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")
_READERS = {**SEARCHERS, **FETCHERS, **REMOTE_ENDS, **TOOLS, **RUNNERS}
_HELP = ("--help", "--version")


class Programs:
    """Reads simple commands. functions: names that the text has made functions of its own."""

    def __init__(self, findings: Findings, text: Callable[[str, Scope], Outcome]) -> None:
        self._findings = findings
        self._text = text
        self.functions: set[str] = set()

    def knows(self, name: str) -> bool:
        """Whether anything here reads a program of that name in its own way."""
        return (
            name in BUILTINS
            or name in _READERS
            or name in FILES
            or name in RESERVED
            or interpreter(name) is not None
            or only_reads(name, [])
        )

    def nothing(self, scope: Scope) -> None:
        """Note a command that runs no program: assignments, a test, redirections alone."""
        self._findings.touch("ssh.execute", "Program", ":", scope.through, reads=True)

    def run(self, invocation: Invocation, scope: Scope) -> Outcome:
        """Read one simple command in that scope; return where one is after it."""
        if not invocation.words:
            self.nothing(scope)
            return Outcome(scope.directories, scope.directories)
        first, words = invocation.words[0], list(invocation.words[1:])
        names = _named(first, scope)
        if not names or scope.depth > _MOST_DEPTH:
            self._findings.unknown(
                f"which program {quoted(first.written)} is cannot be known", scope.through
            )
            return Outcome(None, None)
        if len(words) > MOST_WORDS:
            problem = f"{quoted(first.shown)} has more than {MOST_WORDS} words"
            self._findings.unknown(problem, scope.through, names[0])
        base = names[0].rsplit("/", 1)[-1]
        usual = "/" not in names[0] or names[0].rsplit("/", 1)[0] in _USUAL
        call = Call(base, words, scope, self._findings, self.run, self._text)
        return self._read(call, invocation, names, first, usual=usual)

    def _read(
        self,
        call: Call,
        invocation: Invocation,
        names: tuple[str, ...],
        first: Word,
        *,
        usual: bool,
    ) -> Outcome:
        shows = all(only_shows(one.partition("=")[0]) for one in invocation.assigned)
        asks = len(call.words) == 1 and call.words[0].value in _HELP
        described = asks and call.base not in READS and self.knows(call.base)
        uses = read_files(call) if call.base in FILES and usual and not described else None
        builtin = "/" not in names[0] and call.base in READS
        known = uses.reads if uses else only_reads(call.base, call.words) or described
        searcher = SEARCHERS.get(call.base) if usual and not described else None
        noted = self._findings.noted
        if searcher is not None:
            searcher(call)
            known = self._findings.only_read_since(noted)
        reads = shows and usual and (builtin or known)
        words = [one.shown for one in call.words[:MOST_WORDS]] + list(invocation.assigned)
        arguments = frozenset(map(cut, words))
        for name in names:
            self._findings.touch(
                *("ssh.execute", "Program", name, call.scope.through, arguments), reads=reads
            )
        if call.base in self.functions:
            return Outcome(None, None)
        if not first.quoted and first.value in RESERVED and first.value != "time":
            call.unknown(f"{quoted(first.written)} is a word of the shell's")
            return Outcome(None, None)
        if call.scope.terminal and pages(call.base, call.words):
            call.unknown(f"{quoted(call.base)} may open a pager, which can run commands")
        if uses is not None:
            uses.note()
            return call.stays
        if searcher is not None:
            return call.stays
        return self._further(call, names[0], known=known)

    def _further(self, call: Call, name: str, *, known: bool) -> Outcome:
        if "/" not in name and (builtin := BUILTINS.get(call.base)):
            return builtin(call)
        if reader := _READERS.get(call.base) or interpreter(call.base):
            return reader(call)
        if not known:
            for word in call.words:
                if not _fixed(word):
                    shown = quoted(word.written)
                    call.unknown(f"what {shown} is to {quoted(call.base)} cannot be known")
        return call.stays


def _named(first: Word, scope: Scope) -> tuple[str, ...] | None:
    """Return what the program is called: as written, and from where one is if it is a path."""
    name = first.value
    if not name or name.endswith("/") or first.splits:
        return None
    if "/" not in name:
        return None if first.home or (ASSIGNMENT.match(name) and not first.quoted) else (name,)
    here = scope.directories is not None and scope.directories == frozenset({scope.home})
    if name.startswith("./") and here and ".." not in name.split("/"):
        return (name,)
    return paths(first, replace(scope, elsewhere=""))


def _fixed(word: Word) -> bool:
    """Whether a word can only be one word, and is no option that is not written there."""
    if word.known:
        return True
    if word.splits or not word.prefix:
        return False
    return not word.prefix.startswith("-") or "=" in word.prefix
