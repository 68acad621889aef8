"""The HTTP gateway, and what a target of `protocol = "http"` says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpConfig:
    """`[http]`: the gateway for web applications, APIs and MCP.

    listen: `host:port`; port 0 takes a free one, empty for no such door. domain: below which each
    target has a name of its own, such as `apps.example.org` for `wiki.apps.example.org`; by
    default `localhost`. public_url: where clients reach it if that is not where it listens, such
    as `https://apps.example.org` before a proxy; its host is the domain then. certificate, key:
    PEM files; without them it speaks plain HTTP, which is for this machine, or behind a proxy that
    ends TLS. most_connections: clients at once.
    """

    listen: str = ""
    domain: str = "localhost"
    public_url: str = ""
    certificate: str = ""
    key: str = ""
    most_connections: int = 1000


@dataclass(frozen=True, slots=True)
class HttpTargetConfig:
    """`[targets.http]`: a web application or an API.

    url: where it is, such as `https://orders.internal:8443/api`. openapi: file of its description
    (OpenAPI 3, as JSON), from which its routes are known. routes: instead of it, or beside it,
    templates such as `/orders/{id}`, `/static/{path*}` for all below, and `POST /search read` with
    the method and what it does. With either, a path that is none of them is not understood. login:
    what the gateway signs in with: `none`, `bearer`, `basic` (as `user`), `header:NAME`, `oauth`
    (client credentials, as `user`) or `certificate` (with its key, PEM); the secret is what
    `password` refers to. token_url, scope: for `oauth`.
    """

    url: str = ""
    openapi: str = ""
    routes: tuple[str, ...] = ()
    login: str = "none"
    token_url: str = ""
    scope: str = ""
