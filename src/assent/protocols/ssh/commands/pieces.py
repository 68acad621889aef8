"""The pieces of one word: plain, quoted, expanded.

Source: POSIX.1-2017, Shell Command Language, 2.2 and 2.6; bash 5.2, QUOTING and EXPANSION.
"""

import re
from typing import Protocol

from assent.protocols.ssh.commands.words import Unreadable, Word, decoded

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=^!\]}\x80-\xff-]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9?#$!@*-]")
# ${NAME}, ${#NAME}, and ${NAME:-word} and its like where the word is plain.
_BRACED = re.compile(
    r"\$\{(?:#?([A-Za-z_][A-Za-z0-9_]*|[0-9?#$!@*-])"
    r"(?:(?::?[-+?]|##?|%%?)[A-Za-z0-9_./:@%+,=*-]*)?)\}"
)
_SUM = re.compile(r"\$\(\([0-9 +*/%<>=!&|^~?:-]*\)\)")
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "a": "\a", "b": "\b", "e": "\x1b"}
_ESCAPES |= {"E": "\x1b", "f": "\f", "r": "\r", "v": "\v", "?": "?"}
_CODE = re.compile(r"x([0-9A-Fa-f]{1,2})|([0-7]{1,3})")
# One plain word, such as Ansible has the shell echo to learn what `~` is.
_ECHO = re.compile(r"\s*echo[ \t]+((?:~(?=/|\s|$)|[A-Za-z0-9_./])[A-Za-z0-9_./@:,+=-]*)\s*")
_PATTERN = re.compile(r"[*?\[{]")
_PRINTED = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f]*")
_HOME_ENDS = re.compile(r"/|\"?(?=[/\s;&|()<>]|$)")
_TILDE = re.compile(r"~[A-Za-z0-9._-]*(?=[/\s;&|()<>`]|$)")


class Reader(Protocol):
    """Where a word is read from; at is moved on."""

    text: str
    at: int
    in_backquotes: bool

    def nested(self, closing: str) -> None:
        """Read a substitution, up to and with what closes it."""


class Pieces:
    """The pieces of one word: plain, quoted, expanded."""

    def __init__(self, lexer: Reader) -> None:
        self.lexer = lexer
        self.text = lexer.text
        self.known: list[str] = []
        self.prefix: str | None = None
        self.quoted = self.home = self.splits = self.pattern = self.braces = False

    def word(self, start: int) -> Word:
        """Return what has been read."""
        written = self.text[start : self.lexer.at]
        value = decoded("".join(self.known)) if self.prefix is None else None
        prefix = decoded("".join(self.known) if self.prefix is None else self.prefix)
        pattern = self.pattern and written not in ("[", "[[")
        pattern = pattern or (self.braces and written not in ("{", "{}"))
        if pattern:
            value = None
            prefix = _PATTERN.split(prefix, maxsplit=1)[0]
        elif value is not None and not _PRINTED.fullmatch(value):
            value = None
        return Word(
            *(start, self.lexer.at, decoded(written), value, prefix),
            *(self.quoted, self.home, self.splits, pattern),
        )

    def read(self) -> None:
        """Read up to the end of the word."""
        begin = self.lexer.at
        if self.text[begin : begin + 1] == "~":
            self._tilde()
        while self.lexer.at < len(self.text):
            at = self.lexer.at
            one = self.text[at]
            if one in "<>" and at == begin and self.text[at + 1 : at + 2] == "(":
                self.lexer.at += 2
                self.lexer.nested(")")
                self._unknown()
            elif one in " \t\n();&|<>" or (one == "`" and self.lexer.in_backquotes):
                break
            elif found := _PLAIN.match(self.text, at):
                self.known.append(found[0])
                self.lexer.at = found.end()
            else:
                self._special(one)

    def _special(self, one: str) -> None:
        at = self.lexer.at
        if one == "\\":
            if at + 1 >= len(self.text) or self.text[at + 1] == "\n":
                raise Unreadable("a line goes on in the middle of a word")
            self.quoted = True
            self.known.append(self.text[at + 1])
            self.lexer.at += 2
        elif one == "'":
            self.quoted = True
            self.known.append(self._until("'", at + 1))
        elif one == '"':
            self.quoted = True
            self.lexer.at += 1
            self._double()
        elif one == "$":
            self._dollar(False)
        elif one == "`":
            self._backticks(False)
        else:
            self.pattern = self.pattern or one in "*?["
            self.braces = self.braces or one == "{"
            self.known.append(one)
            self.lexer.at += 1

    def _until(self, closing: str, begin: int) -> str:
        end = self.text.find(closing, begin)
        if end < 0:
            raise Unreadable("a quote does not end")
        self.lexer.at = end + 1
        return self.text[begin:end]

    def _double(self) -> None:
        while True:
            at = self.lexer.at
            if at >= len(self.text):
                raise Unreadable("a quote does not end")
            one = self.text[at]
            if one == '"':
                self.lexer.at += 1
                return
            if one == "\\":
                self._escaped(self.text[at + 1 : at + 2])
            elif one == "$":
                self._dollar(True)
            elif one == "`":
                if self.lexer.in_backquotes:
                    raise Unreadable("a quote crosses a backquote")
                self._backticks(True)
            else:
                self.known.append(one)
                self.lexer.at += 1

    def _escaped(self, following: str) -> None:
        if following in ("", "\n"):
            raise Unreadable("a line goes on in a quote")
        self.known.append(following if following in '$`"\\' else "\\" + following)
        self.lexer.at += 2

    def _dollar(self, quoted: bool) -> None:
        at = self.lexer.at
        following = self.text[at + 1 : at + 2]
        if found := _SUM.match(self.text, at):
            self.lexer.at = found.end()
            self._unknown(not quoted)
        elif following == "(":
            if self.text.startswith("$((", at):
                raise Unreadable("arithmetic is not read")
            self.lexer.at += 2
            self.lexer.nested(")")
            self._substituted(self.text[at + 2 : self.lexer.at - 1], quoted)
        elif following == "{":
            self._braced(quoted)
        elif found := _NAME.match(self.text, at + 1):
            self.lexer.at = found.end()
            self._variable(found[0], quoted)
        elif following == "'" and not quoted:
            self.quoted = True
            self._ansi(self._until("'", at + 2))
        elif following in ("[", '"') and not quoted:
            raise Unreadable("an old form of arithmetic, or a translation, is not read")
        elif following == "[":
            raise Unreadable("an old form of arithmetic is not read")
        else:
            self.known.append("$")
            self.lexer.at += 1

    def _braced(self, quoted: bool) -> None:
        found = _BRACED.match(self.text, self.lexer.at)
        if found is None:
            raise Unreadable("an expansion with braces does more than is read here")
        self.lexer.at = found.end()
        whole = found[0] == f"${{{found[1]}}}"
        self._variable(found[1] if whole else "", quoted)

    def _variable(self, name: str, quoted: bool) -> None:
        begins = not self.known and self.prefix is None
        if name == "HOME" and begins and _HOME_ENDS.match(self.text, self.lexer.at):
            self.home = True
            self.known.append("~")
        else:
            self._unknown(not quoted or name == "@")

    def _tilde(self) -> None:
        found = _TILDE.match(self.text, self.lexer.at)
        if found is None or found[0] in ("~-", "~+"):
            self.lexer.at += 1
            self._unknown()
            return
        self.home = True
        self.known.append(found[0])
        self.lexer.at = found.end()

    def _ansi(self, inner: str) -> None:
        pieces = inner.split("\\")
        known = [pieces[0]]
        following = iter(pieces[1:])
        for piece in following:
            if code := _CODE.match(piece):
                number = int(code[1], 16) if code[1] else int(code[2], 8) & 255
                known += [chr(number), piece[code.end() :]]
            elif piece and piece[0] in _ESCAPES:
                known += [_ESCAPES[piece[0]], piece[1:]]
            elif piece == "":
                known += ["\\", next(following, "")]
            else:
                raise Unreadable("an escape in a quote is not read")
        if "\0" in (value := "".join(known)) or inner.endswith("\\"):
            raise Unreadable("a quote ends in a way that shells differ about")
        self.known.append(value)

    def _backticks(self, quoted: bool) -> None:
        begin = self.lexer.at + 1
        inner = self._until("`", begin)
        if "\\" in inner or '"' in inner:
            raise Unreadable("quotes or escapes in backquotes are not read")
        self.lexer.at = begin
        self.lexer.in_backquotes = True
        self.lexer.nested("`")
        self.lexer.in_backquotes = False
        if self.lexer.at != begin + len(inner) + 1:
            raise Unreadable("a quote crosses a backquote")
        self._substituted(inner, quoted)

    def _substituted(self, inner: str, quoted: bool) -> None:
        """Take what a substitution becomes: known where all that it does is to echo a word."""
        found = _ECHO.fullmatch(inner)
        begins = not self.known and self.prefix is None
        if found is None or (found[1].startswith("~") and not begins):
            self._unknown(not quoted)
            return
        self.home = self.home or found[1].startswith("~")
        self.known.append(found[1])

    def _unknown(self, splits: bool = False) -> None:
        if self.prefix is None:
            self.prefix = "".join(self.known)
        self.splits = self.splits or splits
