"""The keys of the SSH gateway and of its authorities: made once, for their owner alone."""

from collections.abc import Callable

from assent.core.secret import Secret
from assent.credentials.ssh_certificate import SshCertificates, SshKeys
from assent.edges.keys import key_in
from assent.edges.premises import Premises


def ssh_authority(premises: Premises) -> SshCertificates | None:
    """Return it, None where nothing listens for SSH. Raises OperatorFault for a damaged key."""
    if not premises.config.ssh.listen:
        return None
    return SshCertificates(ssh_keys(lambda name: key_in(premises.data / name)))


def ssh_keys(key: Callable[[str], bytes]) -> SshKeys:
    """Return the keys. key: the 32 bytes of a file of the data folder."""
    return SshKeys(
        host=Secret(key("ssh-host.key")),
        hosts=Secret(key("ssh-host-authority.key")),
        clients=Secret(key("ssh-client-authority.key")),
        targets=Secret(key("ssh-target-authority.key")),
    )
