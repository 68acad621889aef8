"""One program and its words, as the readers of programs take it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from assent.protocols.ssh.commands.findings import Findings, quoted
from assent.protocols.ssh.commands.places import Outcome, Scope, paths
from assent.protocols.ssh.commands.words import Word


@dataclass(frozen=True, slots=True)
class Invocation:
    """The words of a simple command, and the assignments before them, as written."""

    words: Sequence[Word]
    assigned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A program that is run. base: its name without folders. words: what comes after it.

    run, text: read what it runs in turn, as words or as a text for a shell.
    """

    base: str
    words: list[Word]
    scope: Scope
    findings: Findings
    run: Callable[[Invocation, Scope], Outcome]
    text: Callable[[str, Scope], Outcome]

    @property
    def stays(self) -> Outcome:
        """Return that one is where one was."""
        return Outcome(self.scope.directories, self.scope.directories)

    def unknown(self, problem: str) -> None:
        """Note that something of it cannot be known."""
        self.findings.unknown(problem, self.scope.through)

    def file(self, verb: str, word: Word) -> None:
        """Note that it does that to the file that a word names."""
        found = paths(word, self.scope)
        if found is None:
            shown = quoted(word.written)
            self.unknown(f"which file {shown} of {quoted(self.base)} is cannot be known")
            found = (word.shown,) if word.shown else ()
        for path in found:
            reads = verb in ("file.read", "file.list")
            self.findings.touch(verb, "File", path, self.scope.through, reads=reads)

    def below(self) -> Scope:
        """Return the scope of what it runs."""
        through = self.scope.through
        return self.scope.below(f"{through} {self.base}".strip()[-200:])


Reader: TypeAlias = Callable[[Call], Outcome]
"""Reads what a program does with its words, beside being run."""
