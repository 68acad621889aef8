"""The options of a program, taken apart as getopt does, by what is declared of it.

What is not declared is not guessed at: whether it takes a value decides which word is a file.
Source: POSIX.1-2017, Utility Syntax Guidelines (12.2), and the GNU long options.
"""

from dataclasses import dataclass, field

from assent.protocols.ssh.commands.words import Word, literal


class Undeclared(Exception):
    """An option that nothing is known of, or a word that may be one."""


@dataclass(frozen=True, slots=True)
class Options:
    """flags and valued: letters. long and long_valued: names without dashes.

    permuted: options may stand after operands. A long option that takes its value only after
    `=` is in `long` with a `=` at its end.
    """

    flags: str = ""
    valued: str = ""
    long: frozenset[str] = frozenset()
    long_valued: frozenset[str] = frozenset()
    permuted: bool = True


@dataclass(slots=True)
class Taken:
    """Options with their values, `-f` or `--file`, in order; and the operands."""

    options: list[tuple[str, Word | None]] = field(default_factory=list)
    operands: list[Word] = field(default_factory=list)

    def has(self, *names: str) -> bool:
        """Whether any of these was given."""
        return any(name in names for name, _ in self.options)

    def values(self, *names: str) -> list[Word]:
        """Return the values given to any of these."""
        return [value for name, value in self.options if name in names and value is not None]


def take(words: list[Word], declared: Options) -> Taken:
    """Return what the words mean. Raises Undeclared, with words for people."""
    taken = Taken()
    waiting = list(reversed(words))
    while waiting:
        word = waiting.pop()
        if word.value is None and (word.splits or not word.prefix):
            raise Undeclared(f"`{word.written[:80]}` may be an option")
        shown = word.prefix if word.value is None else word.value
        if shown == "--" and word.known:
            taken.operands += reversed(waiting)
            break
        if shown.startswith("--"):
            _long(taken, word, waiting, declared)
        elif shown.startswith("-") and shown != "-":
            _short(taken, word, waiting, declared)
        else:
            taken.operands.append(word)
            if not declared.permuted:
                taken.operands += reversed(waiting)
                break
    return taken


def _long(taken: Taken, word: Word, waiting: list[Word], declared: Options) -> None:
    written = word.prefix if word.value is None else word.value
    name, equals, value = written[2:].partition("=")
    if word.value is None and not equals:
        raise Undeclared(f"`{word.written[:80]}` may be any option")
    if name in declared.long_valued:
        if equals:
            rest = _rest(word, value)
        elif waiting:
            rest = waiting.pop()
        else:
            raise Undeclared(f"`--{name}` has no value")
        taken.options.append((f"--{name}", rest))
    elif name in declared.long and not equals:
        taken.options.append((f"--{name}", None))
    elif f"{name}=" in declared.long:
        taken.options.append((f"--{name}", _rest(word, value) if equals else None))
    else:
        raise Undeclared(f"what `--{name[:80]}` does is not known")


def _short(taken: Taken, word: Word, waiting: list[Word], declared: Options) -> None:
    written = word.prefix if word.value is None else word.value
    for at, letter in enumerate(written[1:], 1):
        if letter in declared.valued:
            rest = written[at + 1 :]
            if rest or word.value is None:
                taken.options.append((f"-{letter}", _rest(word, rest)))
            elif waiting:
                taken.options.append((f"-{letter}", waiting.pop()))
            else:
                raise Undeclared(f"`-{letter}` has no value")
            return
        if letter not in declared.flags:
            raise Undeclared(f"what `-{letter}` does is not known")
        taken.options.append((f"-{letter}", None))
    if word.value is None:
        raise Undeclared(f"`{word.written[:80]}` may be any option")


def _rest(word: Word, value: str) -> Word:
    """Return the value that an option and its value in one word have."""
    if word.known:
        return literal(value)
    return Word(word.start, word.end, word.written, None, value, word.quoted, splits=word.splits)
