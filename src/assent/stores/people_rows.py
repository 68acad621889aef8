"""Authenticators, invitations, identities and reports of devices as rows, and read out of them."""

import msgspec

from assent.core.authenticator import (
    Authenticator,
    AuthenticatorKind,
    ExternalIdentity,
    Invitation,
    ProvisionedGroup,
)
from assent.core.device import Device
from assent.core.ids import DeviceKeyId
from assent.core.people_changes import PutDeviceReport
from assent.core.policy_draft import PolicyDraft
from assent.stores.rows import Row

_encoder = msgspec.json.Encoder(order="deterministic")
_device_decoder = msgspec.json.Decoder(Device)
_draft_decoder = msgspec.json.Decoder(PolicyDraft)


def authenticator_row(authenticator: Authenticator) -> dict[str, object]:
    """Return the columns of an authenticator."""
    return {
        "id": authenticator.id,
        "subject_id": authenticator.subject,
        "kind": authenticator.kind.value,
        "secret": authenticator.secret,
        "created_at": authenticator.created_at,
        "name": authenticator.name,
        "confirmed_at": authenticator.confirmed_at,
        "used_at": authenticator.used_at,
        "last_step": authenticator.last_step,
    }


def authenticator_of(row: Row) -> Authenticator:
    """Return the authenticator of a row."""
    return Authenticator(
        id=row["id"],
        subject=row["subject_id"],
        kind=AuthenticatorKind(row["kind"]),
        secret=row["secret"],
        created_at=row["created_at"],
        name=row["name"],
        confirmed_at=row["confirmed_at"],
        used_at=row["used_at"],
        last_step=row["last_step"],
    )


def invitation_row(invitation: Invitation) -> dict[str, object]:
    """Return the columns of an invitation."""
    return {
        "id": invitation.id,
        "digest": invitation.digest,
        "purpose": invitation.purpose,
        "subject_id": invitation.subject,
        "made_at": invitation.made_at,
        "expires_at": invitation.expires_at,
        "made_by": invitation.made_by,
        "used_at": invitation.used_at,
    }


def invitation_of(row: Row) -> Invitation:
    """Return the invitation of a row."""
    return Invitation(
        id=row["id"],
        digest=row["digest"],
        purpose=row["purpose"],
        subject=row["subject_id"],
        made_at=row["made_at"],
        expires_at=row["expires_at"],
        made_by=row["made_by"],
        used_at=row["used_at"],
    )


def external_identity_row(identity: ExternalIdentity) -> dict[str, object]:
    """Return the columns of an external identity."""
    return {
        "provider": identity.provider,
        "external": identity.external,
        "subject_id": identity.subject,
        "at": identity.at,
        "body": identity.body,
    }


def external_identity_of(row: Row) -> ExternalIdentity:
    """Return the external identity of a row."""
    return ExternalIdentity(
        provider=row["provider"],
        external=row["external"],
        subject=row["subject_id"],
        at=row["at"],
        body=row["body"],
    )


def provisioned_group_row(group: ProvisionedGroup) -> dict[str, object]:
    """Return the columns of a provisioned group."""
    return {"id": group.id, "name": group.name, "at": group.at, "body": group.body}


def provisioned_group_of(row: Row) -> ProvisionedGroup:
    """Return the provisioned group of a row."""
    return ProvisionedGroup(id=row["id"], name=row["name"], at=row["at"], body=row["body"])


def device_report_row(change: PutDeviceReport) -> dict[str, object]:
    """Return the columns of what a device said of itself."""
    body = _encoder.encode(change.report).decode("utf-8")
    return {"key_id": change.key, "at": change.at, "body": body}


def device_report_of(row: Row) -> tuple[DeviceKeyId, Device]:
    """Return whose report a row is, and the report."""
    return row["key_id"], _device_decoder.decode(row["body"])


def policy_draft_row(draft: PolicyDraft) -> dict[str, object]:
    """Return the columns of a draft."""
    return {
        "id": draft.id,
        "owner_id": draft.owner,
        "changed_at": draft.changed_at,
        "shadow_until": draft.shadow_until,
        "body": _encoder.encode(draft).decode("utf-8"),
    }


def policy_draft_of(row: Row) -> PolicyDraft:
    """Return the draft of a row."""
    return _draft_decoder.decode(row["body"])
