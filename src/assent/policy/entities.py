"""The entities of a request: who acts, on what, and what these belong to.

Parsing them is the slow part, and they are the same for each statement of a session on one
table; so they are kept, by everything that they are made of.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import cedarpy

from assent.core.action import Operation
from assent.core.canonical import Json, canonical_bytes
from assent.core.subject import Subject, SubjectKind
from assent.policy.schema import SYSTEM, TARGET

KEPT = 2048

_PRINCIPAL = {
    SubjectKind.HUMAN: "Human",
    SubjectKind.WORKLOAD: "Workload",
    SubjectKind.AGENT: "Agent",
}


@dataclass(frozen=True, slots=True)
class Scene:
    """All that the entities of one request are made of; equal scenes have equal entities.

    target: (name, protocol, environment, labels), None when the action is on no target.
    """

    subject: Subject
    verb: str
    operation: Operation
    kind: str
    name: str
    labels: tuple[str, ...]
    target: tuple[str, str, str, tuple[str, ...]] | None

    def principal(self) -> dict[str, str]:
        """Return the identifier of who acts, by name."""
        return _uid(_PRINCIPAL[self.subject.kind], self.subject.name)

    def action(self) -> dict[str, str]:
        """Return the identifier of the verb."""
        return _uid("Action", self.verb)

    def resource(self) -> dict[str, str]:
        """Return the identifier of what is touched: `Table::"shop/public.orders"`."""
        if self.kind in (TARGET, SYSTEM):
            return _uid(self.kind, self.name)
        return _uid(self.kind, f"{self.target[0] if self.target else ''}/{self.name}")


@dataclass(frozen=True, slots=True)
class World:
    """The entities of one request, parsed, and who does what to what in it.

    documents: each entity in Cedar's JSON form, after its canonical bytes.
    """

    entities: cedarpy.Entities
    principal: Mapping[str, str]
    action: Mapping[str, str]
    resource: Mapping[str, str]
    documents: tuple[tuple[bytes, Mapping[str, Json]], ...]


@lru_cache(maxsize=KEPT)
def world(scene: Scene) -> World:
    """Return what a scene is made of. Raises ValueError for a name that is not Unicode text."""
    documents = tuple((canonical_bytes(document), document) for document in _documents(scene))
    text = b"[" + b",".join(data for data, _ in documents) + b"]"
    return World(
        cedarpy.Entities.from_json_str(text.decode()),
        scene.principal(),
        scene.action(),
        scene.resource(),
        documents,
    )


def entities(scene: Scene) -> cedarpy.Entities:
    """Return the engine's entities. Raises ValueError for a name that is not Unicode text."""
    return world(scene).entities


def _documents(scene: Scene) -> list[dict[str, Json]]:
    subject = scene.subject
    documents = [
        _entity(
            scene.principal(),
            [_uid("Group", group) for group in sorted(subject.groups)],
            name=subject.name,
            verified=subject.verified,
        ),
        _entity(scene.action(), [_uid("Action", scene.operation.value)]),
    ]
    parents = []
    if scene.target:
        name, protocol, environment, labels = scene.target
        parents = [_uid(TARGET, name)]
        documents.append(
            _entity(
                parents[0],
                [_uid("Environment", environment)],
                name=name,
                protocol=protocol,
                labels=list(labels),
            )
        )
    if scene.kind == SYSTEM:
        documents.append(_entity(scene.resource(), [], name=scene.name))
    elif scene.resource() not in parents:
        documents.append(
            _entity(scene.resource(), parents, name=scene.name, labels=list(scene.labels))
        )
    return documents


def _uid(type: str, id: str) -> dict[str, str]:
    return {"type": type, "id": id}


def _entity(
    uid: dict[str, str], parents: list[dict[str, str]], **attributes: Json
) -> dict[str, Json]:
    return {"uid": uid, "attrs": attributes, "parents": parents}
