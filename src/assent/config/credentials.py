"""Where passwords are said to be, and who makes the users of sessions: checked before a start."""

import re
from urllib.parse import urlsplit

from assent.config.sections import TargetConfig, VaultConfig
from assent.config.values import REFERENCES, check_name, one_of
from assent.core.faults import OperatorFault

BROKERS = ("static", "postgres_role", "vault_database")
_VAULT_PLACE = re.compile(r"(?!.*\.\.)[\w-]+(?:/[\w.-]+)*/data(?:/[\w.-]+)+#[\w.-]+", re.ASCII)
_VAULT_ROLE = re.compile(r"(?!.*\.\.)[\w-]+(?:/[\w.-]+)*/[\w.-]+", re.ASCII)


def check_broker(target: TargetConfig, vault: VaultConfig, where: str) -> None:
    """Raise OperatorFault for a target whose sessions could not be let in, as it is written."""
    one_of(target.broker, BROKERS, f"{where} broker")
    kind, _, rest = target.password.partition(":")
    if kind == "vault":
        if not _VAULT_PLACE.fullmatch(rest):
            words = f"`{rest[:80]}` is not `MOUNT/data/PATH#FIELD`, as the KV engine (2) has it"
            raise OperatorFault("config-reference", words, f"{where} password")
    elif target.password and not target.password.startswith(REFERENCES):
        # Without its text: it may be the password itself.
        words = "must be a reference: `file:PATH`, `env:NAME` or `vault:MOUNT/data/PATH#FIELD`"
        raise OperatorFault("config-reference", words, f"{where} password")
    by_vault = target.broker == "vault_database"
    if by_vault and not _VAULT_ROLE.fullmatch(target.vault_role):
        words = f"`{target.vault_role[:80]}` is not `MOUNT/ROLE`, such as `database/shop`"
        raise OperatorFault("config-value", words, f"{where} vault_role")
    if target.vault_role and not by_vault:
        words = 'means nothing without `broker = "vault_database"`'
        raise OperatorFault("config-value", words, f"{where} vault_role")
    if target.broker == "postgres_role" and target.unsafe_without_catalogue:
        words = "roles are made of what the catalogue holds; not with `unsafe_without_catalogue`"
        raise OperatorFault("config-value", words, f"{where} broker")
    if (by_vault or kind == "vault") and not vault.address:
        words = "needs the section `[vault]` with an `address`"
        raise OperatorFault(
            "config-vault", words, f"{where} {'broker' if by_vault else 'password'}"
        )


def check_vault(vault: VaultConfig, place: str) -> None:
    """Raise OperatorFault for a Vault that could not be asked, as it is written."""
    if vault == VaultConfig():
        return
    url = urlsplit(vault.address)
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.username:
        words = f"`{vault.address[:80]}` is no address such as `https://vault.example.org:8200`"
        raise OperatorFault("config-value", words, f"{place} address")
    if url.scheme == "http" and url.hostname not in ("localhost", "127.0.0.1", "::1"):
        words = "passwords would cross the network in the clear; write `https://`"
        raise OperatorFault("config-value", words, f"{place} address")
    approle = bool(vault.role_id) and bool(vault.secret_id)
    if bool(vault.token) == approle or bool(vault.role_id) != bool(vault.secret_id):
        words = "needs either `token` or both `role_id` and `secret_id`"
        raise OperatorFault("config-value", words, place)
    for key in ("token", "role_id", "secret_id"):
        reference = getattr(vault, key)
        if reference and not reference.startswith(REFERENCES):
            words = "must be a reference: `file:PATH` or `env:NAME`"
            raise OperatorFault("config-reference", words, f"{place} {key}")
    check_name(vault.approle, f"{place} approle")
