"""Identity providers as the configuration names them."""

import ssl
from datetime import timedelta

from fastapi import FastAPI

from assent.config import Config
from assent.control.plane import ControlPlane
from assent.core.faults import OperatorFault
from assent.core.role import Role
from assent.edges.premises import Premises
from assent.identity.settings import OidcConfig, max_age_s, session_s
from assent.notifiers.channels import Around

SCIM = "/scim/v2"


def begin(premises: Premises, plane: ControlPlane, around: Around) -> None:
    """Make the providers known to the plane. Raises OperatorFault for what cannot be read."""
    config = premises.config
    plane.providers.linked = _linked(config)
    plane.providers.sign_in_with = config.scim.sign_in_with if config.scim.enabled else ""
    if not config.oidc:
        return
    # What speaks HTTP and reads tokens takes a while to import, and few need it.
    from assent.identity.asking import Asking
    from assent.identity.claims import Reading
    from assent.identity.oidc import OidcProvider, Registration

    found = {}
    for one in config.oidc:
        place = f"[[oidc]] {one.name}"
        asking = Asking(one.name, _trust(one, premises))
        around.when_done(asking.close)
        registration = Registration(
            name=one.name,
            display_name=one.display_name,
            issuer=one.issuer,
            client_id=one.client_id,
            client_secret=around.reveal(one.client_secret) if one.client_secret else None,
            scopes=one.scopes,
            reading=Reading(
                name_claim=one.name_claim,
                groups_claim=one.groups_claim,
                groups=one.groups,
                group_prefix=one.group_prefix,
                all_groups=one.all_groups,
                roles_claim=one.roles_claim,
                roles={value: Role(role) for value, role in one.roles.items()},
            ),
            lasts_for=timedelta(seconds=session_s(one, place)),
            acr_values=one.acr_values,
            max_age_s=max_age_s(one, place),
            logout=one.logout,
        )
        found[one.name] = OidcProvider(registration, asking, premises.clock)
    plane.providers.providers = found


def _linked(config: Config) -> dict[tuple[str, str], str]:
    found = {}
    for person in config.people:
        provider, colon, external = person.oidc.partition(":")
        if colon:
            found[provider, external] = person.name
    return found


def _trust(one: OidcConfig, premises: Premises) -> ssl.SSLContext | None:
    if not one.certificate_authority:
        return None
    path = premises.config.folder / one.certificate_authority
    try:
        return ssl.create_default_context(cafile=str(path))
    except (OSError, ssl.SSLError) as fault:
        words = f"`{path}` cannot be read as certificates"
        place = f"[[oidc]] {one.name} certificate_authority"
        raise OperatorFault("certificate-unreadable", words, place) from fault


def mount_scim(
    application: FastAPI, premises: Premises, plane: ControlPlane, around: Around
) -> None:
    """Let an identity provider come by SCIM, where the configuration lets it."""
    scim = premises.config.scim
    if not scim.enabled:
        return
    # Its models take a while to import, and few need them.
    from assent.identity.scim.application import ScimApplication

    plane.provisioning.groups = scim.groups
    plane.provisioning.roles = {word: Role(role) for word, role in scim.roles.items()}
    base_url = f"{around.public_url.rstrip('/')}{SCIM}"
    served = ScimApplication(
        plane.provisioning, plane.provisioners, base_url, premises.clock, premises.ids
    )
    application.mount(SCIM, served)
