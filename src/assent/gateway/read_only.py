"""Tells a target whether a session may only read, on the session's own connection.

A second line: what writes is refused before it is sent, by what it touches. A client can go back
to what it began with (`RESET ALL`), which changes nothing of that.
"""

from typing import TYPE_CHECKING

from assent.gateway.inquiries import Inquiries
from assent.protocols.postgres import PostgresRelay

if TYPE_CHECKING:
    from assent.gateway.drive import Conversation

_FROM_NOW_ON = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"
# What is set for the session inside of a transaction is gone if that is rolled back.
_THIS_ONE = "SET TRANSACTION READ ONLY"
_NO_LONGER = "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE"


async def only_read(conversation: "Conversation", inquiries: Inquiries) -> bool:
    """Return whether the target lets the session only read from now on.

    False where it has to be told again: it was busy, or only told for a transaction.
    """
    inside = _in_transaction(conversation)
    told = await inquiries.ask(conversation, (_THIS_ONE if inside else _FROM_NOW_ON,))
    return not told.error and not inside


async def write_again(conversation: "Conversation", inquiries: Inquiries) -> bool:
    """Return whether the target lets the session write again from now on."""
    if _in_transaction(conversation):
        # A transaction that has begun cannot go back to writing; to ask for it would end it.
        return False
    told = await inquiries.ask(conversation, (_NO_LONGER,))
    return not told.error


def _in_transaction(conversation: "Conversation") -> bool:
    relay = conversation.relay
    return isinstance(relay, PostgresRelay) and relay.in_transaction
