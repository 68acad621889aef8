"""As whom sessions reach their targets: the brokers, and the Vault where there is one."""

from hashlib import sha256
from typing import TYPE_CHECKING

from assent.control.own_target import CANARY
from assent.core.ports import CredentialBroker
from assent.core.web_login import WebLogin
from assent.credentials.brokers import Brokers
from assent.credentials.postgres_role import PostgresRoleBroker
from assent.credentials.references import References
from assent.credentials.ssh_certificate import SshCertificateBroker
from assent.credentials.static import StaticBroker
from assent.edges.master_key import vault_of
from assent.edges.premises import Premises
from assent.edges.ssh_authority import ssh_authority
from assent.gateway.canary import CanaryBroker
from assent.gateway.own_connection import own_connection
from assent.notifiers.channels import WhenDone

if TYPE_CHECKING:
    from assent.credentials.vault import Vault


def brokers(premises: Premises, when_done: WhenDone) -> Brokers:
    """Return what hands out the ways in, as each target's configuration says.

    when_done: takes what is awaited at the end.
    """
    config, clock = premises.config, premises.clock
    vault = _vault(premises, when_done)
    references = References(config.folder, vault)
    # Two gateways before one server must not take each other's roles for left behind.
    # By the log's first key: a later one would make roles of this very gateway strange to it.
    installation = sha256(premises.log_keys.public[0].encode()).hexdigest()[:16]
    roles = PostgresRoleBroker(references, own_connection, clock, premises.ids, installation)
    of: dict[str, CredentialBroker] = {
        target.name: roles for target in config.targets if target.broker == "postgres_role"
    }
    at_vault = {
        target.name: target.vault_role
        for target in config.targets
        if target.broker == "vault_database"
    }
    if vault is not None and at_vault:
        from assent.credentials.vault_database import VaultDatabaseBroker

        users = VaultDatabaseBroker(vault, at_vault, references, clock)
        of |= dict.fromkeys(at_vault, users)
    of[CANARY] = CanaryBroker()
    authority = ssh_authority(premises)
    by_certificate = SshCertificateBroker(authority, clock) if authority is not None else None
    return Brokers(of, StaticBroker(references), by_certificate)


def web_login(premises: Premises, when_done: WhenDone) -> WebLogin:
    """Return what says how targets that speak HTTP are signed in at.

    when_done: takes what is awaited at the end.
    """
    # It costs time at the start, and only this door needs it.
    from assent.credentials.client_credentials import AccessTokens
    from assent.credentials.http_login import HttpLogin

    tokens = AccessTokens(premises.clock)
    when_done(tokens.close)
    references = References(premises.config.folder, _vault(premises, when_done))
    return HttpLogin(references, tokens, premises.clock)


def _vault(premises: Premises, when_done: WhenDone) -> "Vault | None":
    if not premises.config.vault.address:
        return None
    vault = vault_of(premises.config)
    when_done(vault.close)
    return vault
