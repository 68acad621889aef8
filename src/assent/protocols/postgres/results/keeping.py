"""From a permit to what is done to results: whether it can be, and what belongs to whom."""

from collections.abc import Mapping

from assent.content.masks import overall
from assent.core.action import Statement
from assent.core.enforcement import Enforcement, MaskHow
from assent.protocols.postgres.catalogue.knowledge import Knowledge
from assent.protocols.postgres.catalogue.model import Catalogue
from assent.protocols.postgres.results.copy_options import CopyOptions, copies_out, options_of
from assent.protocols.postgres.results.cursors import Cursors, Source, cursor_use
from assent.protocols.postgres.results.in_force import MasksInForce, seen_flows
from assent.protocols.postgres.results.passed import Passed
from assent.protocols.postgres.results.results import Results


class Keeping:
    """Makes the Results of a session's statements. cursors: what its names are for."""

    __slots__ = ("_knowledge", "_known", "cursors")

    def __init__(self, knowledge: Knowledge, most_names: int) -> None:
        self._knowledge = knowledge
        self._known: tuple[Mapping[str, MaskHow], Catalogue | None, MasksInForce] | None = None
        self.cursors = Cursors(most_names)

    def can_keep(self, text: str, statement: Statement, enforcement: Enforcement) -> str:
        """Return why the obligations on results cannot be kept for a text, nothing if they can."""
        if not enforcement.looks_at_results or "copy" not in text.lower():
            return ""
        if not self._looks_into(statement, enforcement):
            return ""
        copies = copies_out(text)
        if copies is None:
            return "its text cannot be parsed"
        if not copies.nodes:
            return ""
        if copies.statements > 1:
            return "a COPY to the client must stand alone in its text"
        try:
            options_of(copies.nodes[0])
        except ValueError as error:
            return str(error)
        return ""

    def source(
        self, text: str, statement: Statement, enforcement: Enforcement | None
    ) -> Source | None:
        """Return what the rows of a statement come from; None where nothing is to be done."""
        cursors = self.cursors
        use = cursor_use(text) if enforcement is not None or cursors.known else None
        if use is not None and use.verb == "fetch":
            return _fetched(cursors.find(use.name), enforcement)
        if enforcement is None or not enforcement.looks_at_results:
            return None
        source = Source(statement, enforcement, Passed(enforcement.limits))
        if use is not None and use.verb == "declare":
            source.declares, source.outlives = use.name, use.outlives
        elif use is not None and use.verb == "other":
            # A FETCH among other statements: of what, was not looked into.
            source.statement = None
        return source

    def results(self, text: str, source: Source) -> Results:
        """Return what is done to the rows of a source. Only after `can_keep`."""
        masks, patterns = self._masks(source.enforcement.masks), self._knowledge.patterns
        return Results(source, masks, _copy_options(text), patterns)

    def _masks(self, masks: Mapping[str, MaskHow]) -> MasksInForce:
        known, catalogue = self._known, self._knowledge.catalogue
        if known is not None and known[0] is masks and known[1] is catalogue:
            return known[2]
        made = MasksInForce(masks, catalogue)
        self._known = (masks, catalogue, made)
        return made

    def _looks_into(self, statement: Statement, enforcement: Enforcement) -> bool:
        if enforcement.scan or enforcement.record_results:
            return True
        flows = seen_flows(statement)
        if flows is None:
            return bool(enforcement.masks)
        return self._masks(enforcement.masks).named(flows.read) is not None


def _copy_options(text: str) -> CopyOptions | None:
    if "copy" not in text.lower():
        return None
    copies = copies_out(text)
    if copies is None or copies.statements != 1 or not copies.nodes:
        return None
    try:
        return options_of(copies.nodes[0])
    except ValueError:
        return None


def _fetched(declared: Source | None, own: Enforcement | None) -> Source | None:
    """Return what FETCH gives: by what the cursor was declared for, and by its own permit."""
    if declared is None:
        if own is None or not own.looks_at_results:
            return None
        return Source(None, own, Passed(own.limits))
    if own is None:
        return declared
    before = declared.enforcement
    merged = Enforcement(
        masks=_merged(before.masks, own.masks),
        scan=_merged(before.scan, own.scan),
        key=before.key if before.masks or before.scan else own.key,
        limits=before.limits or own.limits,
        record_results=before.record_results or own.record_results,
    )
    passed = declared.passed if before.limits else Passed(own.limits)
    if before.limits:
        passed.also([limit for limit in own.limits if limit.counted])
    return Source(declared.statement, merged, passed)


def _merged(one: Mapping[str, MaskHow], other: Mapping[str, MaskHow]) -> Mapping[str, MaskHow]:
    if one == other:
        return one
    merged = dict(one)
    for name, how in other.items():
        merged[name] = overall((how, merged.get(name, how))) or how
    return merged
