"""Assent's own MCP server: an agent asks for access, sees why, waits, and proposes less.

`tools` lists what it can do; `serving` speaks MCP, by the official SDK, which is imported with the
first call. Whatever an agent does here is what it could do by the API, under the same permissions.
"""
