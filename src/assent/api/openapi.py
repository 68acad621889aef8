"""The description of the API that generators and testers read: every problem is in it."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from assent.api.problems import MEDIA_TYPE

# 400 comes from the framework for a body that is not JSON at all, on any operation.
_EVERYWHERE = {
    "400": "The request is malformed.",
    "413": "The body is larger than 64 KiB, or 1 MiB for a configuration.",
    "422": "Something in the request is not as described here.",
    "503": "Something that we depend on is away; nothing was permitted.",
}
_SIGNED_IN = {
    "401": "Not signed in, or not any more.",
    "403": "Known, but may not do this.",
    "404": "There is no such thing, or it is not yours to see.",
    "409": "Somebody was faster, or it is too late.",
    "429": "Too many attempts at a password; wait a minute.",
}
_SIGNING_IN = {
    "403": "The name or the password is wrong.",
    "429": "Too many attempts at a password; wait a minute.",
}

_PROBLEM = {
    "title": "Problem",
    "description": "Problem details (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:assent:problem:not-signed-in"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}


def install(app: FastAPI) -> None:
    """Let `app` serve a description that has all problems in it."""
    plain: Callable[[], dict[str, Any]] = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _with_problems(plain())
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _with_problems(schema: dict[str, Any]) -> dict[str, Any]:
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in schema["paths"].values():
        for operation in operations.values():
            problems = _EVERYWHERE | (_SIGNED_IN if operation.get("security") else _SIGNING_IN)
            for status, description in problems.items():
                # An operation may say more of how it is malformed, in a form of its own.
                told = operation["responses"].get(status, {}) if status == "400" else {}
                operation["responses"][status] = {
                    "description": told.get("description", description),
                    "content": told.get("content", {}) | content,
                }
    return schema
