"""The words and operators of a command line, as POSIX shells and bash split it.

A second reading beside the grammar's: where the two differ, neither is believed. It reads less
than a shell does, and says so (`Unreadable`) instead of guessing. Source: POSIX.1-2017, Shell
Command Language, 2.2 and 2.3; bash 5.2, QUOTING.
"""

import re

from assent.protocols.ssh.commands.pieces import Pieces
from assent.protocols.ssh.commands.words import HereDocument, Unreadable, Word, decoded

MOST_DEPTH = 12

_OPERATORS = (
    *("&>>", "<<<", "<<-", ";;&"),
    *("&&", "||", ";;", ";&", "|&", "&>", "<<", ">>", "<&", ">&", "<>", ">|"),
    *("(", ")", "|", "&", ";", "<", ">"),
)
_CLOSES = re.compile(r"-(?=[\s;&|()<>]|$)")
_NAMED_DESCRIPTOR = re.compile(r"\{\w+\}")
# What a here-document may have in it and run nothing.
_HARMLESS = re.compile(r"\\.|\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*\}|\$(?![({\[A-Za-z_])", re.S)


class Lexer:
    """Splits a text whose bytes are characters (Latin-1)."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.words: dict[int, Word] = {}
        self.spans: set[tuple[int, int]] = set()
        self.documents: dict[int, HereDocument] = {}
        self._pending: list[tuple[int, int, Word, bool]] = []
        self._depth = 0
        self.in_backquotes = False

    def read(self) -> None:
        """Split all of it. Raises Unreadable."""
        self._tokens("")
        if self.at < len(self.text):
            raise Unreadable("a parenthesis closes nothing")
        if self._pending:
            raise Unreadable("a here-document has no end")

    def _tokens(self, closing: str) -> None:
        """Read up to what closes a substitution, or the end of the text."""
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise Unreadable("it is nested too deeply")
        opened = 0
        while self.at < len(self.text):
            one = self.text[self.at]
            if one in " \t":
                self.at += 1
            elif one == "\n":
                self.at += 1
                self._bodies()
            elif one == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
                if closing:
                    raise Unreadable("there is a comment in a substitution")
            elif self.text.startswith("\\\n", self.at):
                if self.at and self.text[self.at - 1] not in " \t":
                    raise Unreadable("a line goes on in the middle of a word")
                self.at += 2
            elif one == closing and not opened:
                break
            elif one in "<>" and self.text[self.at + 1 : self.at + 2] == "(":
                self._word(bool(closing))
            elif one in "();&|<>":
                opened += self._operator(closing)
            else:
                self._word(bool(closing))
        self._depth -= 1

    def _operator(self, closing: str) -> int:
        start = self.at
        found = next(each for each in _OPERATORS if self.text.startswith(each, start))
        self.at += len(found)
        if found == "(" and self.text.startswith("(", self.at):
            raise Unreadable("arithmetic is not read")
        if found in ("<<", "<<-"):
            if closing:
                raise Unreadable("there is a here-document in a substitution")
            self._document(start, found == "<<-")
            return 0
        if found in (">&", "<&") and _CLOSES.match(self.text, self.at):
            self.at += 1
        self.spans.add((start, self.at))
        return {"(": 1, ")": -1}.get(found, 0)

    def _document(self, start: int, tabs: bool) -> None:
        while self.text[self.at : self.at + 1] in (" ", "\t"):
            self.at += 1
        word = self._word(True)
        if word is None or word.value is None or word.pattern or "\n" in word.value:
            raise Unreadable("where a here-document ends cannot be told")
        self.spans.discard((word.start, word.end))
        self._pending.append((start, word.end, word, tabs))

    def _bodies(self) -> None:
        for start, end, word, tabs in self._pending:
            begin = self.at
            lines: list[str] = []
            while True:
                if self.at >= len(self.text):
                    raise Unreadable("a here-document has no end")
                until = self.text.find("\n", self.at)
                until = len(self.text) if until < 0 else until
                line = self.text[self.at : until]
                line = line.lstrip("\t") if tabs else line
                self.at = min(until + 1, len(self.text))
                if line == word.value:
                    break
                lines.append(line + "\n")
            text = "".join(lines)
            fixed = word.quoted or not re.search(r"[$`\\]", text)
            runs = not word.quoted and bool(re.search(r"[$`]", _HARMLESS.sub("", text)))
            span = (begin, self.at)
            self.documents[start] = HereDocument(start, end, decoded(text), fixed, runs, span)
        self._pending.clear()

    def _word(self, nested: bool) -> Word | None:
        start = self.at
        reading = Pieces(self)
        reading.read()
        if self.at == start:
            raise Unreadable("a word is empty")
        word = reading.word(start)
        if nested and word.value in ("case", "esac") and not word.quoted:
            raise Unreadable("there is a `case` in a substitution")
        if _NAMED_DESCRIPTOR.fullmatch(word.written) and self.text[self.at : self.at + 1] in "<>":
            raise Unreadable("a descriptor has a name")
        self.words[start] = word
        self.spans.add((start, self.at))
        return word

    def nested(self, closing: str) -> None:
        """Read a substitution, up to and with what closes it."""
        self._tokens(closing)
        if self.text[self.at : self.at + 1] != closing:
            raise Unreadable("a substitution does not end")
        self.at += 1
