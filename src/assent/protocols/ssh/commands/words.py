"""Words of a command line, and what is known of them."""

from dataclasses import dataclass


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


def decoded(latin: str) -> str:
    """Return the UTF-8 text whose bytes these characters are."""
    return latin.encode("latin-1").decode("utf-8", "replace")
