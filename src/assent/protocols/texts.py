"""A text that somebody would send, read by the protocol of its target: for trying policies.

Each reader is imported where a text of its kind is read: they cost time at the start.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from assent.core.action import Statement
from assent.core.faults import OperatorFault
from assent.core.resource import Target

if TYPE_CHECKING:
    from assent.protocols.postgres.statements import Classifier


def read_text(text: str, target: Target) -> Statement:
    """Return what a text does, as the gateway reads it, without a catalogue of the target.

    A statement of SQL; a command of a shell; a request, its line and then its JSON body, such as
    `POST /orders` and `{"total": 7}`. Raises OperatorFault where its protocol has no texts, and for
    a request that is none.
    """
    if target.protocol == "postgres":
        return _classifier(target.search_path).classify(text)
    if target.protocol == "ssh":
        from assent.protocols.ssh.commands import read_command

        return read_command(text, target.user)
    if target.protocol == "http":
        return _read_request(text, target)
    words = f"what is done over {target.protocol} has no text; say it by `do`"
    raise OperatorFault("policy-test", words)


@lru_cache(maxsize=64)
def _classifier(search_path: tuple[str, ...]) -> "Classifier":
    from assent.protocols.postgres.statements import Classifier

    return Classifier(search_path)


def _read_request(text: str, target: Target) -> Statement:
    from assent.core.faults import Fault
    from assent.protocols.http.reading import Body, read_request
    from assent.protocols.http.routes import Routes

    line, _, body = text.partition("\n")
    method, _, where = line.partition(" ")
    path, _, query = where.partition("?")
    routes = target.options.get("routes", ())
    templates = (routes,) if isinstance(routes, str) else routes
    carried = Body(body.encode(), "application/json") if body else Body()
    try:
        reading = read_request(Routes(templates), method, path, query, body=carried)
    except Fault as fault:
        raise OperatorFault("policy-test", fault.detail) from fault
    return reading.statement
