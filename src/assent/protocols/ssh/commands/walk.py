"""The structure of a text, walked: every simple command in it, and where it would be run."""

from dataclasses import replace
from typing import TYPE_CHECKING

from assent.protocols.ssh.commands.builtins import tests_unknown
from assent.protocols.ssh.commands.calls import Invocation
from assent.protocols.ssh.commands.findings import Findings, quoted
from assent.protocols.ssh.commands.grammar import Read, read, substitutions
from assent.protocols.ssh.commands.names import changes_what_runs
from assent.protocols.ssh.commands.places import Directories, Input, Outcome, Scope, union
from assent.protocols.ssh.commands.programs import Programs
from assent.protocols.ssh.commands.redirections import redirected
from assent.protocols.ssh.commands.words import Word

if TYPE_CHECKING:
    from tree_sitter import Node

LONGEST_TEXT = 64 * 1024
_MOST_DEPTH = 8
_MOST_TEXTS = 64
_MOST_LEVELS = 150
_BRANCHES = frozenset({"elif_clause", "else_clause"})
_LOOPS = frozenset({"while_statement", "for_statement"})
_TESTS = frozenset({"-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-v", "-R"})
_CHANGES_DIRECTORY = (b"cd", b"pushd", b"popd")


class Texts:
    """Reads texts, and the texts that are in them, to one sum of findings."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.programs = Programs(findings, self.text)
        self._texts = 0
        self._characters = 0

    def text(self, text: str, scope: Scope) -> Outcome:
        """Read a text that a shell runs in that scope; return where one is after it."""
        self._texts += 1
        self._characters += len(text)
        too_much = self._texts > _MOST_TEXTS or self._characters > 2 * LONGEST_TEXT
        if too_much or scope.depth > _MOST_DEPTH:
            self.findings.unknown("commands in it are nested too deeply", scope.through)
            return Outcome(None, None)
        reading = read(text.encode("utf-8", "replace"))
        if reading.problem:
            self.findings.unknown(reading.problem, scope.through)
        return Walk(self, reading).statements(reading.root, scope)


class Walk:
    """Goes through one text. Nothing is run before what stands before it."""

    def __init__(self, texts: Texts, reading: Read) -> None:
        self._texts = texts
        self._reading = reading
        self._findings = texts.findings
        self._levels = 0

    def statements(self, node: "Node", scope: Scope) -> Outcome:
        """Walk what follows one another, each where the one before left it."""
        outcome = Outcome(scope.directories, scope.directories)
        for child in node.named_children:
            here = _reached(outcome.either, scope)
            outcome = self.statement(child, replace(scope, directories=here))
        return outcome

    def statement(self, node: "Node", scope: Scope) -> Outcome:
        """Walk one statement of whatever kind."""
        handler = _HANDLERS.get(node.type)
        self._levels += 1
        try:
            if handler is None or self._levels > _MOST_LEVELS:
                return self._not_read(node, scope)
            return handler(self, node, scope)
        finally:
            self._levels -= 1

    def _not_read(self, node: "Node", scope: Scope) -> Outcome:
        what = node.type.replace("_", " ")
        self._findings.unknown(f"a part of it, {what}, is not read", scope.through)
        if self._levels <= _MOST_LEVELS:
            for child in node.named_children:
                if child.type in _HANDLERS:
                    self.statement(child, replace(scope, directories=None))
            self._inside(node, scope)
        return Outcome(None, None)

    def _comment(self, node: "Node", scope: Scope) -> Outcome:
        return Outcome(scope.directories, scope.directories)

    def _apart(self, node: "Node", scope: Scope) -> Outcome:
        """Walk what changes nothing for what comes after it: a subshell."""
        self.statements(node, scope)
        return Outcome(scope.directories, scope.directories)

    def _pipeline(self, node: "Node", scope: Scope) -> Outcome:
        inner = scope
        parts = [child for child in node.named_children if child.type != "comment"]
        for child in parts:
            terminal = scope.terminal and child == parts[-1]
            self.statement(child, replace(inner, terminal=terminal))
            inner = replace(scope, input=Input.OUTSIDE, text="")
        return Outcome(scope.directories, scope.directories)

    def _list(self, node: "Node", scope: Scope) -> Outcome:
        parts = node.named_children
        outcome = Outcome(scope.directories, scope.directories)
        operator = ""
        for child in node.children:
            if not child.is_named:
                operator = child.type
            elif child.type == "comment":
                continue
            elif child == parts[0]:
                outcome = self.statement(child, scope)
            elif operator == "&&":
                here = _reached(outcome.succeeded, scope)
                then = self.statement(child, replace(scope, directories=here))
                outcome = Outcome(then.succeeded, union(outcome.failed, then.failed))
            elif operator == "||":
                here = _reached(outcome.failed, scope)
                then = self.statement(child, replace(scope, directories=here))
                outcome = Outcome(union(outcome.succeeded, then.succeeded), then.failed)
            else:
                here = _reached(outcome.either, scope)
                outcome = self.statement(child, replace(scope, directories=here))
        return outcome

    def _negated(self, node: "Node", scope: Scope) -> Outcome:
        outcome = self.statements(node, scope)
        return Outcome(outcome.failed, outcome.succeeded)

    def _if(self, node: "Node", scope: Scope) -> Outcome:
        """Walk all branches; after it, one may be where any of them led."""
        where: Directories = scope.directories
        here = where
        for child in node.named_children:
            outcome = self.statement(child, replace(scope, directories=here))
            where = union(where, outcome.either)
            here = where
        return Outcome(where, where)

    def _loop(self, node: "Node", scope: Scope) -> Outcome:
        """Walk a body that is run any number of times."""
        where = scope.directories
        if any(word in (node.text or b"") for word in _CHANGES_DIRECTORY):
            where = None
        inner = replace(scope, directories=where)
        for child in node.named_children:
            if child.type == "variable_name":
                self._set(child.text or b"", scope)
            elif child.type in _HANDLERS:
                self.statement(child, inner)
            else:
                self._inside(child, inner)
        return Outcome(where, where)

    def _case(self, node: "Node", scope: Scope) -> Outcome:
        where = scope.directories
        for child in node.named_children:
            if child.type == "case_item":
                inner = scope
                for part in child.named_children:
                    if part.type in _HANDLERS and part.type != "word":
                        outcome = self.statement(part, inner)
                        inner = replace(inner, directories=outcome.either)
                    else:
                        self._inside(part, inner)
                where = union(where, inner.directories)
            else:
                self._inside(child, scope)
        return Outcome(where, where)

    def _function(self, node: "Node", scope: Scope) -> Outcome:
        """Walk the body, wherever it will be called; a known name would be another thing then."""
        name = node.child_by_field_name("name")
        body = node.child_by_field_name("body")
        called = (name.text or b"").decode("utf-8", "replace") if name else ""
        if not called or self._texts.programs.knows(called) or "/" in called:
            problem = f"it makes {quoted(called)} something else, a function"
            self._findings.unknown(problem, scope.through)
        self._texts.programs.functions.add(called)
        if body is None or len(node.named_children) != 2:
            return self._not_read(node, scope)
        moves = any(word in self._reading.data for word in _CHANGES_DIRECTORY)
        where = None if moves else scope.directories
        self.statement(body, replace(scope, directories=where, input=Input.OUTSIDE))
        return Outcome(scope.directories, scope.directories)

    def _redirected(self, node: "Node", scope: Scope) -> Outcome:
        """Walk a statement with its redirections, or redirections alone."""
        bodies = [one for one in node.named_children if not one.type.endswith("_redirect")]
        redirects = [one for one in node.named_children if one.type.endswith("_redirect")]
        inner = self._redirect(redirects, scope)
        outcome = Outcome(scope.directories, scope.directories)
        if not bodies:
            self._texts.programs.nothing(scope)
        for body in bodies:
            if body.type != "command":
                # Several may share it: what is left of it for which cannot be known.
                inner = replace(inner, input=_shared(inner.input), text="")
            outcome = self.statement(body, inner)
        return outcome

    def _redirect(self, nodes: "list[Node]", scope: Scope) -> Scope:
        inner = scope
        for node in nodes:
            inner = redirected(self._findings, self._reading, node, scope, inner)
            self._inside(node, scope)
        return inner

    def _command(self, node: "Node", scope: Scope) -> Outcome:
        """Walk a simple command: what its words run first, then itself."""
        words: list[Word] = []
        assigned: list[str] = []
        redirects: list[Node] = []
        for child in node.children:
            if child.type == "variable_assignment":
                assigned.append(self._assign(child, scope))
            elif child.type.endswith("_redirect"):
                redirects.append(child)
            elif word := self._word(child, scope):
                words.append(word)
        inner = self._redirect(redirects, scope)
        return self._texts.programs.run(Invocation(words, tuple(assigned)), inner)

    def _word(self, node: "Node", scope: Scope) -> Word | None:
        """Return what the lexer sees where the grammar has that word; nothing for no word."""
        self._inside(node, scope)
        word = self._reading.words.get(node.start_byte)
        if word is not None and word.end == node.end_byte:
            return word
        text = (node.text or b"").decode("utf-8", "replace")
        if not self._reading.problem:
            self._findings.unknown("two readings of it differ", scope.through)
        fixed = text if text.replace("-", "").replace("/", "").isalnum() else None
        return Word(node.start_byte, node.end_byte, text, fixed, fixed or "", splits=True)

    def _assignment(self, node: "Node", scope: Scope) -> Outcome:
        self._assign(node, scope)
        self._texts.programs.nothing(scope)
        return Outcome(scope.directories, scope.directories)

    def _assignments(self, node: "Node", scope: Scope) -> Outcome:
        for child in node.named_children:
            self.statement(child, scope)
        return Outcome(scope.directories, scope.directories)

    def _assign(self, node: "Node", scope: Scope) -> str:
        """Note that a name is set; return the assignment as written."""
        self._inside(node, scope)
        text = (node.text or b"").decode("utf-8", "replace")
        name = text.partition("=")[0].removesuffix("+")
        self._set(name.encode(), scope)
        value = node.child_by_field_name("value")
        if value is not None and value.type == "array":
            self._findings.unknown("lists are not read", scope.through)
        return text

    def _set(self, name: bytes, scope: Scope) -> None:
        shown = name.decode("utf-8", "replace")
        if changes_what_runs(shown):
            problem = f"it sets {quoted(shown)}, which may change what is run"
            self._findings.unknown(problem, scope.through)

    def _declaration(self, node: "Node", scope: Scope) -> Outcome:
        """Walk `export`, `readonly` and the like: assignments, names, options."""
        for child in node.named_children:
            if child.type == "variable_assignment":
                self._assign(child, scope)
            elif child.type == "variable_name":
                self._set(child.text or b"", scope)
            elif (word := self._word(child, scope)) and word.value not in ("-x", "-r", "-g", "-p"):
                problem = f"what {quoted(word.written)} declares is not known"
                self._findings.unknown(problem, scope.through)
        self._texts.programs.nothing(scope)
        return Outcome(scope.directories, scope.directories)

    def _unset(self, node: "Node", scope: Scope) -> Outcome:
        for child in node.named_children:
            if child.type == "variable_name":
                self._set(child.text or b"", scope)
            else:
                self._findings.unknown("what is unset cannot be known", scope.through)
                self._inside(child, scope)
        self._texts.programs.nothing(scope)
        return Outcome(scope.directories, scope.directories)

    def _test(self, node: "Node", scope: Scope) -> Outcome:
        """Walk `[ … ]` and `[[ … ]]`: they run nothing, but where they reckon."""
        bracket = node.children[0].type == "["
        words = [self._reading.words[at] for at in _starts(node) if at in self._reading.words]
        words = [one for one in words if node.start_byte < one.start and one.end < node.end_byte]
        if bracket and tests_unknown(words):
            self._findings.unknown("what it tests cannot be known", scope.through)
        waiting = [node]
        while waiting:
            one = waiting.pop()
            operator = (one.text or b"").decode("utf-8", "replace")
            if one.type == "test_operator" and operator in _TESTS:
                reckons = operator in ("-v", "-R") or not bracket
                if reckons:
                    problem = f"what {quoted(operator)} reckons with is not read"
                    self._findings.unknown(problem, scope.through)
            waiting += one.children
        self._inside(node, scope)
        self._texts.programs.nothing(scope)
        return Outcome(scope.directories, scope.directories)

    def _inside(self, node: "Node", scope: Scope) -> None:
        """Walk the substitutions of a word."""
        for one in substitutions(node):
            inner = replace(scope, input=Input.OUTSIDE, text="", terminal=False)
            self.statements(one, inner)


def _starts(node: "Node") -> list[int]:
    """Return where the parts of a node begin, in order."""
    found: set[int] = set()
    waiting = [node]
    while waiting:
        one = waiting.pop()
        found.add(one.start_byte)
        waiting += one.children
    return sorted(found)


def _shared(given: Input) -> Input:
    """Return what each of several programs has on an input that is given to all."""
    return Input.NOTHING if given is Input.NOTHING else Input.OUTSIDE


def _reached(directories: Directories, scope: Scope) -> Directories:
    """Return where a statement may be run; what seems never to be reached is run anyhow."""
    return scope.directories if directories == frozenset() else directories


_HANDLERS = {
    "comment": Walk._comment,
    "program": Walk.statements,
    "compound_statement": Walk.statements,
    "do_group": Walk.statements,
    "elif_clause": Walk._if,
    "else_clause": Walk.statements,
    "subshell": Walk._apart,
    "pipeline": Walk._pipeline,
    "list": Walk._list,
    "negated_command": Walk._negated,
    "if_statement": Walk._if,
    "while_statement": Walk._loop,
    "for_statement": Walk._loop,
    "case_statement": Walk._case,
    "function_definition": Walk._function,
    "redirected_statement": Walk._redirected,
    "command": Walk._command,
    "variable_assignment": Walk._assignment,
    "variable_assignments": Walk._assignments,
    "declaration_command": Walk._declaration,
    "unset_command": Walk._unset,
    "test_command": Walk._test,
}
