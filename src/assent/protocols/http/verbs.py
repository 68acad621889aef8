"""What can be done over HTTP, and to what."""

from collections.abc import Mapping

from assent.core.action import Operation

OPERATIONS: Mapping[str, Operation] = {
    "http.get": Operation.READ,
    "http.head": Operation.READ,
    "http.options": Operation.READ,
    "http.post": Operation.WRITE,
    "http.put": Operation.WRITE,
    "http.patch": Operation.WRITE,
    "http.delete": Operation.WRITE,
    "http.upgrade": Operation.EXECUTE,
    "http.unknown": Operation.UNKNOWN,
}
"""Verb → what it usually does: the methods of RFC 9110 and 5789; `http.upgrade` opens a WebSocket.

Each is on a Route, such as `/orders/{id}`. The columns of its touch are the fields of a JSON or
form body and the parameters of the query, by their paths (`customer.email`).
"""

VERBS = frozenset(OPERATIONS)
RESOURCES = frozenset({"Route"})
