"""The keys of the SSH gateway and of its authorities: made once, for their owner alone."""

from assent.core.secret import Secret
from assent.credentials.ssh_certificate import SshCertificates, SshKeys
from assent.edges.keys import key_in
from assent.edges.premises import Premises


def ssh_authority(premises: Premises) -> SshCertificates | None:
    """Return it, None where nothing listens for SSH. Raises OperatorFault for a damaged key."""
    if not premises.config.ssh.listen:
        return None

    def key(name: str) -> Secret[bytes]:
        return Secret(key_in(premises.data / name))

    return SshCertificates(
        SshKeys(
            host=key("ssh-host.key"),
            hosts=key("ssh-host-authority.key"),
            clients=key("ssh-client-authority.key"),
            targets=key("ssh-target-authority.key"),
        )
    )
