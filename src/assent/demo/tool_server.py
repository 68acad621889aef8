"""A server of tools over the shop, by the official SDK, on its standard streams.

It speaks to the database directly, as an account of its own that may read orders and change their
state. Run as a file, `python -I tool_server.py`, with PGHOST and the like in its environment; so
it needs nothing of ours.
"""

import asyncpg
from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations

server = MCPServer("orders")
_READS = ToolAnnotations(read_only_hint=True)
_WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=False)


@server.tool(annotations=_READS)
async def read_order(number: int) -> str:
    """Say what an order is, and in which state."""
    row = await _one("select item, state from orders where id = $1", number)
    return f"order {number}: {row['item']}, {row['state']}" if row else f"no order {number}"


@server.tool(annotations=_WRITES)
async def set_state(number: int, state: str) -> str:
    """Set the state of an order."""
    statement = "update orders set state = $2 where id = $1 returning item"
    row = await _one(statement, number, state)
    return f"order {number}: {row['item']}, now {state}" if row else f"no order {number}"


async def _one(statement: str, *values: object) -> "asyncpg.Record | None":
    # Where and as whom is in the environment, as for every program of PostgreSQL.
    connection = await asyncpg.connect(timeout=5)
    try:
        return await connection.fetchrow(statement, *values)
    finally:
        await connection.close()


if __name__ == "__main__":
    server.run("stdio")
