"""The master key of the log's data keys, as the configuration has it."""

from pathlib import Path
from typing import TYPE_CHECKING

from assent.config import Config
from assent.config.audit import FILE, TRANSIT
from assent.core.faults import OperatorFault
from assent.core.ids import Ids
from assent.core.ports import MasterKey
from assent.core.secret import Secret
from assent.credentials.master_keys import FileMasterKey, TransitMasterKey
from assent.credentials.references import reveal_reference
from assent.edges import keys
from assent.notifiers.channels import WhenDone

if TYPE_CHECKING:
    from assent.credentials.vault import Vault

FILE_NAME = "master.key"


def master_key(config: Config, data: Path, ids: Ids, when_done: WhenDone) -> MasterKey:
    """Return what wraps data keys. data: the data folder. Raises OperatorFault.

    when_done: takes what is awaited at the end.
    """
    return _named(config.audit.master_key, config, data, ids, when_done)


def former_key(config: Config, data: Path, ids: Ids, when_done: WhenDone) -> MasterKey | None:
    """Return the master key before that one, None where none is named. Raises OperatorFault."""
    name = config.audit.former_master_key
    return _named(name, config, data, ids, when_done) if name else None


def _named(name: str, config: Config, data: Path, ids: Ids, when_done: WhenDone) -> MasterKey:
    if name.startswith(TRANSIT):
        vault = vault_of(config)
        when_done(vault.close)
        return TransitMasterKey(vault, name.removeprefix(TRANSIT))
    if not name:
        return FileMasterKey(Secret(keys.key_in(data / FILE_NAME)), ids)
    path = config.folder / name.removeprefix(FILE)
    if not path.is_file():
        # One that was named is never made: the name may be wrong, and what it wrapped lost.
        words = f"`{path}` is not there; restore it, or make one of 32 random bytes"
        raise OperatorFault("master-key", words, "[audit] master_key")
    return FileMasterKey(Secret(keys.key_in(path)), ids)


def vault_of(config: Config) -> "Vault":
    """Return the Vault of the configuration; nothing is asked yet. The caller closes it."""
    # An HTTP client, and all that it brings, only for whoever has a Vault.
    from assent.credentials.vault import Vault, VaultSettings

    settings = config.vault
    authority = settings.certificate_authority
    return Vault(
        VaultSettings(
            address=settings.address,
            token=settings.token,
            role_id=settings.role_id,
            secret_id=settings.secret_id,
            approle=settings.approle,
            namespace=settings.namespace,
            certificate_authority=str(config.folder / authority) if authority else "",
        ),
        lambda reference: reveal_reference(reference, config.folder),
    )
