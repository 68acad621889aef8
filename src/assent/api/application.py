"""Builds the HTTP application: routes, problem details, limits and headers."""

from collections.abc import Callable, Mapping

from fastapi import FastAPI

from assent import __version__
from assent.api import openapi, problems
from assent.api.door import Clicks, Door
from assent.api.headers import SecurityHeaders
from assent.api.limits import BodyLimit
from assent.api.routes import (
    account,
    agent_server,
    answers,
    audit_administration,
    break_glass,
    bundles,
    configuration,
    credentials,
    delegations,
    device_authorization,
    device_posture,
    device_sign_in,
    devices,
    exporters,
    grants,
    inbox,
    labels,
    metrics,
    notices,
    passkeys,
    people,
    plans,
    proof,
    receipts,
    recordings,
    reports,
    requests,
    reviews,
    risk,
    scim,
    search,
    sessions,
    sign_in,
    slack,
    ssh_certificates,
    status,
    steering,
    targets,
    tokens,
    tools,
    workloads,
)
from assent.control.plane import ControlPlane


def build_app(
    plane: ControlPlane,
    public_url: str,
    postgres_address: Callable[[], tuple[str, int]],
    clicks: Clicks | None = None,
    addresses: Mapping[str, tuple[str, int]] | None = None,
    certificate: str = "",
) -> FastAPI:
    """Return the API over `plane`.

    public_url: what links begin with, without a slash at its end. postgres_address: host and
    port that a client of the PostgreSQL gateway dials; asked at each use, since a listener
    on port 0 knows its port only later. clicks: takes those on buttons in a chat. addresses: of
    the other doors: `ssh`, `http`, `tcp`. certificate: SHA-256 of what they serve TLS with.
    """
    app = FastAPI(
        title="Assent",
        summary="Ask for access, answer requests, and see and prove what happened.",
        version=__version__,
        # The interactive pages would load scripts from a content delivery network.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.door = Door(
        plane, public_url.rstrip("/"), postgres_address, clicks, addresses or {}, certificate
    )
    # The last one added is the outermost: its headers are on every answer.
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders, https=public_url.startswith("https://"))
    problems.install(app)
    for routes in (
        configuration, status, metrics, sign_in, passkeys, account, people, targets,
        credentials, labels, requests, answers, delegations, devices, device_posture,
        device_sign_in, inbox, grants, sessions, steering, risk,
        proof, audit_administration, bundles, exporters, receipts, slack, recordings,
        notices, break_glass, reviews, plans, search, reports, device_authorization, tokens,
        workloads, scim, agent_server, ssh_certificates, tools,
    ):  # fmt: skip
        app.include_router(routes.router)
    openapi.install(app)
    return app
