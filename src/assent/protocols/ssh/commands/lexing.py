"""The words and operators of a command line, as POSIX shells and bash split it.

A second reading beside the grammar's: where the two differ, neither is believed. It reads less
than a shell does, and says so (`Unreadable`) instead of guessing. Source: POSIX.1-2017, Shell
Command Language, 2.2 and 2.3; bash 5.2, QUOTING.
"""

import re
from dataclasses import dataclass

MOST_DEPTH = 12

_OPERATORS = (
    *("&>>", "<<<", "<<-", ";;&"),
    *("&&", "||", ";;", ";&", "|&", "&>", "<<", ">>", "<&", ">&", "<>", ">|"),
    *("(", ")", "|", "&", ";", "<", ">"),
)
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
_CLOSES = re.compile(r"-(?=[\s;&|()<>]|$)")
_HOME_ENDS = re.compile(r"/|\"?(?=[/\s;&|()<>]|$)")
_TILDE = re.compile(r"~[A-Za-z0-9._-]*(?=[/\s;&|()<>`]|$)")
_NAMED_DESCRIPTOR = re.compile(r"\{\w+\}")
# What a here-document may have in it and run nothing.
_HARMLESS = re.compile(r"\\.|\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*\}|\$(?![({\[A-Za-z_])", re.S)


class Unreadable(Exception):
    """Something that is not read here; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word. start, end: in bytes.

    written: as in the text. value: what the program gets, None where the text does not tell.
    prefix: what is known of its beginning. quoted: some of it is in quotes or escaped.
    home: it begins with `~` or `$HOME`, which value and prefix have as `~`. splits: it may become
    none or several words. pattern: it may become names of files, or has braces.
    """

    start: int
    end: int
    written: str
    value: str | None
    prefix: str
    quoted: bool = False
    home: bool = False
    splits: bool = False
    pattern: bool = False

    @property
    def known(self) -> bool:
        """Whether the program gets exactly `value`."""
        return self.value is not None

    @property
    def shown(self) -> str:
        """What it is, or how it is written where that is not known."""
        return self.written if self.value is None else self.value


@dataclass(frozen=True, slots=True)
class HereDocument:
    """A here-document. text: its lines. literal: nothing in it is expanded.

    runs: something in it may be a command. body: from where to where its lines are, in bytes.
    """

    start: int
    end: int
    text: str
    literal: bool
    runs: bool
    body: tuple[int, int]


def literal(value: str, *, home: bool = False) -> Word:
    """Return a word that is just that, from no text."""
    return Word(-1, -1, value, value, value, home=home)


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
            self.documents[start] = HereDocument(start, end, _text(text), fixed, runs, span)
        self._pending.clear()

    def _word(self, nested: bool) -> Word | None:
        start = self.at
        reading = _Pieces(self)
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


class _Pieces:
    """The pieces of one word: plain, quoted, expanded."""

    def __init__(self, lexer: Lexer) -> None:
        self.lexer = lexer
        self.text = lexer.text
        self.known: list[str] = []
        self.prefix: str | None = None
        self.quoted = self.home = self.splits = self.pattern = self.braces = False

    def word(self, start: int) -> Word:
        """Return what has been read."""
        written = self.text[start : self.lexer.at]
        value = _text("".join(self.known)) if self.prefix is None else None
        prefix = _text("".join(self.known) if self.prefix is None else self.prefix)
        pattern = self.pattern and written not in ("[", "[[")
        pattern = pattern or (self.braces and written not in ("{", "{}"))
        if pattern:
            value = None
            prefix = _PATTERN.split(prefix, maxsplit=1)[0]
        elif value is not None and not _PRINTED.fullmatch(value):
            value = None
        return Word(
            *(start, self.lexer.at, _text(written), value, prefix),
            *(self.quoted, self.home, self.splits, pattern),
        )

    def read(self) -> None:
        """Read up to the end of the word."""
        begin = self.lexer.at
        if self.text[begin] == "~":
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


def _text(latin: str) -> str:
    """Return the UTF-8 text whose bytes these characters are."""
    return latin.encode("latin-1").decode("utf-8", "replace")
