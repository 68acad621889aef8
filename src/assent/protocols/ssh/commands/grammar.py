"""A text read twice: with tree-sitter's grammar of bash, and split into words by `lexing`.

Structure comes from the grammar, words and what they become from the lexer. Where the two see
other words or operators, the text is not understood.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from assent.protocols.ssh.commands.lexing import Lexer
from assent.protocols.ssh.commands.names import named
from assent.protocols.ssh.commands.words import HereDocument, Unreadable, Word

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_MOST_LEVELS = 200
_MOST_WORDS = 3000
_LONGEST_DOUBTFUL = 4096
# Nodes that are one word, or a part of one.
WORDS = named(
    "word string raw_string ansi_c_string translated_string concatenation number simple_expansion"
    " expansion command_substitution process_substitution arithmetic_expansion brace_expression"
    " variable_assignment variable_name special_variable_name file_descriptor test_operator regex"
    " extglob_pattern command_name heredoc_start"
)
NESTED = frozenset({"command_substitution", "process_substitution"})
# What stands between other things than words: a line's end may stand there too.
_STRUCTURES = named(
    "program compound_statement subshell list pipeline do_group if_statement elif_clause"
    " else_clause while_statement for_statement case_statement case_item command_substitution"
    " process_substitution function_definition negated_command"
)


@cache
def _parser() -> "Parser":
    """Return the one parser; reading is synchronous, so it serves all."""
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


@dataclass(frozen=True, slots=True)
class Read:
    """A text, read. words and documents: by where they start. problem: why it is not believed.

    data: the text, with blanks where here-documents were.
    """

    data: bytes
    root: "Node"
    words: Mapping[int, Word]
    documents: Mapping[int, HereDocument]
    problem: str


def read(data: bytes) -> Read:
    """Return the text as both see it; whatever is wrong is the `problem`, empty for none."""
    lexer = Lexer(data.decode("latin-1"))
    problem = ""
    try:
        lexer.read()
    except Unreadable as unreadable:
        problem = str(unreadable)
    data = _without(data, lexer.documents)
    if len(lexer.spans) > _MOST_WORDS or (problem and len(data) > _LONGEST_DOUBTFUL):
        # The grammar's way of going on after an error takes time that grows with its square.
        problem = problem or f"it has more than {_MOST_WORDS} words"
        data = b""
    tree = _parser().parse(data)
    root = tree.root_node
    if root.has_error:
        problem = problem or "it is not what a shell could read"
    elif not problem:
        problem = _differs(data, root, lexer)
    return Read(data, root, lexer.words, lexer.documents, problem)


def _without(data: bytes, documents: Mapping[int, HereDocument]) -> bytes:
    """Return the text with `<hhh` for each here-document, and no lines of it; as long as it was."""
    if not documents:
        return data
    changed = bytearray(data)
    for one in documents.values():
        changed[one.start : one.end] = b"<" + b"h" * (one.end - one.start - 1)
        begin, end = one.body
        changed[begin:end] = bytes(each if each == 10 else 32 for each in data[begin:end])
    return bytes(changed)


def _differs(data: bytes, root: "Node", lexer: Lexer) -> str:
    try:
        seen = set(_units(data, root, 0))
    except Unreadable as unreadable:
        return str(unreadable)
    for one in lexer.documents.values():
        seen.discard((one.start, one.start + 1))
        seen.discard((one.start + 1, one.end))
    if seen != lexer.spans:
        return "two readings of it differ"
    return ""


def _units(data: bytes, node: "Node", level: int) -> Iterator[tuple[int, int]]:
    """Yield where each word and operator is. Raises Unreadable for what is left out."""
    if level > _MOST_LEVELS:
        raise Unreadable("it is nested too deeply")
    if node.type == "comment" or node.start_byte == node.end_byte:
        return
    if node.type in WORDS:
        yield (node.start_byte, node.end_byte)
        yield from _inside(data, node, level)
        return
    children = node.children
    if not children:
        if data[node.start_byte : node.end_byte].strip(b"\n"):
            yield (node.start_byte, node.end_byte)
        return
    _leave_nothing_out(data, node, children)
    for child in children:
        yield from _units(data, child, level + 1)


def _inside(data: bytes, word: "Node", level: int) -> Iterator[tuple[int, int]]:
    """Yield what is in the substitutions of a word."""
    for one in substitutions(word):
        children = one.children
        for child in children[1:-1]:
            yield from _units(data, child, level + 1)


def substitutions(word: "Node") -> Iterator["Node"]:
    """Yield the outermost substitutions in a word, itself included."""
    waiting = [word]
    while waiting:
        node = waiting.pop()
        if node.type in NESTED:
            yield node
        else:
            waiting += reversed(node.children)


def _leave_nothing_out(data: bytes, node: "Node", children: "list[Node]") -> None:
    """Raise Unreadable where there is anything but blanks between the parts."""
    blanks = b" \t\n" if node.type in _STRUCTURES else b" \t"
    at = node.start_byte
    for child in children:
        gap = data[at : child.start_byte]
        if gap and gap.replace(b"\\\n", b"").strip(blanks):
            raise Unreadable("the grammar leaves something out")
        at = child.end_byte
