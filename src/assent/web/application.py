"""Puts the pages onto the HTTP application."""

from collections.abc import Callable, Mapping

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from assent.control.plane import ControlPlane
from assent.web import (
    account,
    agents,
    answers,
    asking,
    device_codes,
    devices,
    devices_admin,
    entering,
    grants,
    health,
    inbox,
    labels,
    log,
    log_export,
    nowhere,
    offers,
    oidc,
    overview,
    passkey_sign_in,
    passkeys,
    people,
    person,
    policies,
    policy_editor,
    reason,
    reviews,
    risk,
    search,
    sessions,
    settings,
    sign_in,
    standing_in,
    start,
    step_up,
    targets_admin,
    tokens,
    welcome,
)
from assent.web.desk import Desk
from assent.web.pages import ASSETS, Pages
from assent.web.safety import Cookies


class Assets(StaticFiles):
    """Our files for browsers; the addresses that pages name change with their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file, to be kept by the browser for good if its address says a version."""
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            # A module that another one imports has no version in its address.
            lasts = b"v=" in scope["query_string"]
            kept = "public, max-age=31536000, immutable" if lasts else "no-cache"
            response.headers["cache-control"] = kept
        return response


def mount(
    app: FastAPI,
    plane: ControlPlane,
    public_url: str,
    gateway: Callable[[], tuple[str, int]] | None = None,
    addresses: Mapping[str, tuple[str, int]] | None = None,
) -> None:
    """Let `app` serve the pages over `plane`.

    public_url: how people reach us; forms from any other origin are refused. Where the
    JavaScript libraries were not built in the pages work, say that they are not live, and
    have to be loaded again. gateway: host and port that clients of targets dial; asked at each
    use, None where that is not known. addresses: of the other doors: `ssh`, `http`, `tcp`.
    """
    url = public_url.rstrip("/")
    app.state.desk = Desk(
        plane, url, Cookies(url.startswith("https://")), Pages(), gateway, addresses=addresses or {}
    )
    for routes in (
        account,
        welcome,
        sign_in,
        reason,
        passkey_sign_in,
        passkeys,
        step_up,
        device_codes,
        entering,
        devices,
        tokens,
        oidc,
        inbox,
        answers,
        offers,
        reviews,
        health,
        asking,
        grants,
        standing_in,
        search,
        sessions,
        targets_admin,
        labels,
        people,
        person,
        agents,
        devices_admin,
        policies,
        policy_editor,
        overview,
        risk,
        settings,
        start,
        log_export,
        log,
    ):
        app.include_router(routes.router, include_in_schema=False)
    oidc.install(app.state.desk)
    app.mount("/assets", Assets(directory=ASSETS))
    nowhere.install(app)
