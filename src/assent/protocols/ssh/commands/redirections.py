"""Redirections: the files that they read and write, and what a program's input becomes."""

from dataclasses import replace
from typing import TYPE_CHECKING

from assent.protocols.ssh.commands.findings import Findings, quoted
from assent.protocols.ssh.commands.grammar import Read
from assent.protocols.ssh.commands.places import Input, Scope, paths
from assent.protocols.ssh.commands.words import HereDocument, Word

if TYPE_CHECKING:
    from tree_sitter import Node

_HARMLESS = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/stdin", "/dev/tty"})
_READS = frozenset({"<", "<&"})
_DESCRIPTORS = frozenset({">&", "<&"})
_CLOSE = frozenset({">&-", "<&-"})


def redirected(
    findings: Findings, reading: Read, node: "Node", where: Scope, inner: Scope
) -> Scope:
    """Note the files of one redirection; return the scope of what is redirected."""
    if node.type == "herestring_redirect":
        return _string(reading, node, inner)
    document = _document(reading, node)
    if document is not None:
        if document.runs:
            findings.unknown("a here-document in it may run commands", where.through)
        if _descriptor(node) not in ("", "0"):
            return inner
        if document.literal:
            return replace(inner, input=Input.KNOWN, text=document.text)
        return replace(inner, input=Input.OUTSIDE, text="")
    if node.type != "file_redirect":
        findings.unknown("a redirection in it is not read", where.through)
        return inner
    return _file(findings, reading, node, where, inner)


def _document(reading: Read, node: "Node") -> HereDocument | None:
    """Return the here-document that stands there, None for none."""
    for child in node.children:
        if found := reading.documents.get(child.start_byte):
            return found
    return None


def _descriptor(node: "Node") -> str:
    """Return the number before the operator, empty for none."""
    found = next((one for one in node.children if one.type == "file_descriptor"), None)
    return (found.text or b"").decode("utf-8", "replace") if found is not None else ""


def _string(reading: Read, node: "Node", inner: Scope) -> Scope:
    words = [reading.words.get(child.start_byte) for child in node.named_children]
    word = words[-1] if words else None
    if _descriptor(node) not in ("", "0"):
        return inner
    if word is not None and word.value is not None:
        return replace(inner, input=Input.KNOWN, text=word.value + "\n")
    return replace(inner, input=Input.OUTSIDE, text="")


def _file(findings: Findings, reading: Read, node: "Node", where: Scope, inner: Scope) -> Scope:
    operator = next((one.type for one in node.children if not one.is_named), "")
    number = _descriptor(node)
    places = [one for one in node.named_children if one.type not in ("file_descriptor", "comment")]
    if operator in _CLOSE and not places:
        return inner
    if len(places) != 1:
        findings.unknown("a redirection in it is not read", where.through)
        return inner
    word = reading.words.get(places[0].start_byte)
    reads = operator in _READS
    is_input = reads and number in ("", "0")
    if word is None or word.end != places[0].end_byte:
        findings.unknown("a redirection in it is not read", where.through)
    elif places[0].type == "process_substitution":
        pass
    elif operator in _DESCRIPTORS and word.known and (word.value or "").rstrip("-").isdigit():
        # A copy of a descriptor: nothing is opened, and what it is of is known from elsewhere.
        pass
    else:
        _opened(findings, word, where, reads=reads, descriptor=operator in _DESCRIPTORS)
    if is_input:
        nothing = word is not None and word.value == "/dev/null"
        return replace(inner, input=Input.NOTHING if nothing else Input.OUTSIDE, text="")
    return inner


def _opened(findings: Findings, word: Word, where: Scope, *, reads: bool, descriptor: bool) -> None:
    if descriptor and not word.known:
        findings.unknown(
            f"what {quoted(word.written)} is redirected to is not known", where.through
        )
        return
    found = paths(word, where)
    if found is None:
        findings.unknown(f"which file {quoted(word.written)} is cannot be known", where.through)
        return
    for path in found:
        if path.startswith(("/dev/tcp/", "/dev/udp/")):
            findings.unknown(f"{quoted(path)} is a connection", where.through)
        elif path not in _HARMLESS:
            verb = "file.read" if reads else "file.write"
            findings.touch(verb, "File", path, where.through, reads=reads)
