"""All that a start needs of files and keys, looked at without starting."""

from assent import policy
from assent.config import Config
from assent.core.faults import OperatorFault
from assent.credentials.references import VAULT, reveal_reference
from assent.edges.networks import network_book
from assent.edges.policies import load_policies
from assent.edges.stores import place_of_store
from assent.gateway.certificates import client_side
from assent.notifiers import channels
from assent.system.clock import SystemClock


def check(config: Config) -> policy.PolicySet:
    """Return the policies, once all that a start needs of files and keys was found good.

    Nothing is opened, made or listened on. Raises OperatorFault for the first thing wrong.
    """
    place_of_store(config, config.folder / config.server.data)
    for person in config.people:
        if person.password:
            reveal_reference(person.password, config.folder)
    for reference in (
        *(config.metrics.token, config.vault.token, config.vault.role_id, config.vault.secret_id),
        *config.recordings.references,
        *(config.issue_tracker.secret, *(entry.token for entry in config.on_call)),
    ):
        if reference:
            reveal_reference(reference, config.folder)
    for target in config.targets:
        if not target.password.startswith(VAULT):
            reveal_reference(target.password, config.folder)
        authority = config.folder / target.certificate_authority
        if target.certificate_authority and not authority.is_file():
            raise OperatorFault(
                "certificate-authority", f"there is no `{authority}` (target `{target.name}`)"
            )
    if config.postgres.certificate:
        key = config.folder / config.postgres.key if config.postgres.key else None
        client_side(config.folder / config.postgres.certificate, key)
    channels.check(
        config.notifiers,
        lambda reference: reveal_reference(reference, config.folder),
        config.folder,
    )
    if config.exporters:
        # What speaks HTTP takes a while to import, and few have exporters.
        from assent.exporters import build as exporters

        exporters.check(
            config.exporters,
            config.folder,
            lambda reference: reveal_reference(reference, config.folder),
        )
    network_book(config, SystemClock())
    return load_policies(config)
