"""Cuts a policy file into its policies and keeps the lines, because the engine tells none.

Only words, strings and brackets are understood here; what a policy means is the engine's to
say, which is given each fragment verbatim.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assent.core.faults import OperatorFault

# Deeper or longer policies overflow the stack of the engine's parser, which ends the process.
DEEPEST = 40
MOST_TOKENS = 2000

_TOKEN = re.compile(
    r'(?P<space>(?:\s|//[^\r\n]*)+)|(?P<string>"(?:[^"\\]|\\.)*")|(?P<word>[A-Za-z_]\w*)'
    r"|(?P<number>\d+)|(?P<sign>::|==|!=|<=|>=|&&|\|\||[@(){}\[\],;:.<>!+\-*/%?=])",
    re.DOTALL | re.ASCII,
)
_OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING = frozenset(_OPENING.values())


@dataclass(frozen=True, slots=True)
class Token:
    """One word, string, number or sign. start, end: offsets in the file. line: from 1."""

    text: str
    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class Fragment:
    """One policy's text and where it stands; what follows the last `;` is one too."""

    file: str
    text: str
    tokens: tuple[Token, ...]

    @property
    def line(self) -> int:
        """The line that it begins on, from 1."""
        return self.tokens[0].line

    def place(self, line: int | None = None) -> str:
        """Return `file:line`, by default of its first line."""
        return f"{self.file}:{line or self.line}"

    def annotation_line(self, name: str) -> int:
        """Return the line on which `@name` stands, or the first one."""
        pairs = zip(self.tokens, self.tokens[1:], strict=False)
        return next((b.line for a, b in pairs if a.text == "@" and b.text == name), self.line)

    def line_of(self, phrase: str) -> int | None:
        """Return the line on which `phrase` first stands, None where it does not."""
        at = self.text.find(phrase) if phrase else -1
        return None if at < 0 else self.line + self.text.count("\n", 0, at)

    def first_bad_line(self, is_viable: Callable[[str], bool]) -> int:
        """Return the line of the first token with which the text can no longer be completed.

        is_viable: whether a text could still become a policy if more were written.
        """
        base = self.tokens[0].start
        bad = bisect_left(
            self.tokens, True, key=lambda token: not is_viable(self.text[: token.end - base])
        )
        return self.tokens[min(bad, len(self.tokens) - 1)].line


def split(file: str, text: str) -> tuple[list[Fragment], list[OperatorFault]]:
    """Return the policies of a file, in order, and what is wrong with its brackets and words."""
    fragments: list[Fragment] = []
    current: list[Token] = []
    try:
        depth = 0
        for token in _tokens(file, text):
            current.append(token)
            depth += (token.text in _OPENING) - (token.text in _CLOSING)
            _check_bounds(file, token, depth, len(current))
            if token.text == ";" and depth == 0:
                fragments.append(_fragment(file, text, current))
                current = []
    except OperatorFault as fault:
        return fragments, [fault]
    if current:
        fragments.append(_fragment(file, text, current))
    return fragments, []


def _fragment(file: str, text: str, tokens: list[Token]) -> Fragment:
    return Fragment(file, text[tokens[0].start : tokens[-1].end], tuple(tokens))


def _check_bounds(file: str, token: Token, depth: int, count: int) -> None:
    place = f"{file}:{token.line}"
    if depth < 0:
        raise OperatorFault("policy-syntax", f"`{token.text}` closes what was not opened", place)
    if depth > DEEPEST:
        raise OperatorFault("policy-size", f"nested more than {DEEPEST} brackets deep", place)
    if count > MOST_TOKENS:
        detail = f"a policy of more than {MOST_TOKENS} words; is a `;` missing before it?"
        raise OperatorFault("policy-size", detail, place)


def _tokens(file: str, text: str) -> Iterator[Token]:
    at, line = 0, 1
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            what = "a string that is not closed" if text[at] == '"' else f"`{text[at]}`"
            detail = f"{what} cannot stand in a policy"
            raise OperatorFault("policy-syntax", detail, f"{file}:{line}")
        if match.lastgroup != "space":
            yield Token(match[0], match.start(), match.end(), line)
        line += match[0].count("\n")
        at = match.end()
