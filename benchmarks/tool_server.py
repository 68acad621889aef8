"""An MCP server of the official SDK with one tool: what the suite `protocols` calls."""

import sys

from mcp.server.mcpserver import MCPServer


def main() -> None:
    """Serve on the port that is named."""
    server = MCPServer("tools", log_level="ERROR")

    @server.tool(annotations={"readOnlyHint": True})
    def order(number: int) -> str:
        """Return an order."""
        return f"order {number}: 2 pieces"

    server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))


if __name__ == "__main__":
    main()
