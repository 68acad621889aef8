"""The devices that people work on: admitted, reporting, and bound to what is opened on them."""

from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime

from assent.control.audit_actions import AuditActions
from assent.control.device_admission import DeviceAdmission
from assent.control.device_evidence import DeviceEvidence
from assent.control.device_keys import DeviceKeys
from assent.control.device_proofs import DeviceProofs, Possession
from assent.control.device_reports import DeviceReports
from assent.control.directory import Directory
from assent.control.hearing import Hearing
from assent.control.live import LiveSessions
from assent.control.outbox import Outbox
from assent.control.session_credentials import Opened
from assent.core.clock import Clock
from assent.core.faults import ConflictFault
from assent.core.ids import DeviceKeyId, Ids
from assent.core.ports import DeviceCertificates, Store


@dataclass(frozen=True, slots=True)
class Devices:
    """All that the doors ask about devices. certificates: None where none are issued."""

    admission: DeviceAdmission
    proofs: DeviceProofs
    reports: DeviceReports
    evidence: DeviceEvidence
    certificates: DeviceCertificates | None = None

    def certificate_for(self, proof: Possession | None, opened: Opened) -> str | None:
        """Return the certificate to show with a new password, as `certificate_until`."""
        return self.certificate_until(proof, opened.user, opened.expires_at)

    def certificate_until(self, proof: Possession | None, user: str, ends: datetime) -> str | None:
        """Return the certificate to show with a password, PEM; None where there is none.

        Raises ConflictFault for a key that cannot be certified.
        """
        if proof is None or not proof.certificate_key or self.certificates is None:
            return None
        try:
            public_key = b64decode(proof.certificate_key, validate=True)
        except ValueError:
            raise ConflictFault("bad-key", "the key to certify is not base64") from None
        return self.certificates.issue(public_key, proof.key, user, self.evidence.now(), ends)


def devices_of(
    *,
    store: Store,
    directory: Directory,
    keys: DeviceKeys,
    evidence: DeviceEvidence,
    actions: AuditActions,
    outbox: Outbox,
    live: LiveSessions,
    clock: Clock,
    ids: Ids,
    certificates: DeviceCertificates | None = None,
    hearing: Hearing | None = None,
) -> Devices:
    """Return the use cases of devices, handed to each other and to `keys`.

    hearing: what open sessions hear of them by, None where there are none.
    """
    proofs = DeviceProofs(keys=keys, evidence=evidence, clock=clock, ids=ids)
    admission = DeviceAdmission(
        store=store,
        directory=directory,
        evidence=evidence,
        actions=actions,
        outbox=outbox,
        clock=clock,
        ids=ids,
    )
    reports = DeviceReports(
        store=store, proofs=proofs, evidence=evidence, live=live, clock=clock, ids=ids
    )

    def revoked(key: DeviceKeyId, since: datetime) -> None:
        evidence.revoked.add(key)
        if hearing is not None:
            hearing.device_revoked(key, since)

    keys.when_enrolled(admission.enrolled)
    keys.when_revoked(revoked)
    if hearing is not None:
        reports.when_reported(hearing.device_reported)
    return Devices(admission, proofs, reports, evidence, certificates)
