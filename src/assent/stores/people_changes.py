"""Changes of who there is and how they prove it; each is one statement that fits, or a fault."""

import json
from typing import assert_never

from sqlalchemy import Connection, delete, or_, update

from assent.core.faults import ConflictFault
from assent.core.people_changes import (
    AdmitDeviceKey,
    DropAuthenticators,
    DropExpired,
    DropExternalIdentity,
    DropProvisionedGroup,
    DropTokens,
    EndDeviceCredentials,
    KeepNetwork,
    PeopleChange,
    PutAuthenticator,
    PutDeviceDetails,
    PutDeviceReport,
    PutExternalIdentity,
    PutInvitation,
    PutPassword,
    PutProvisionedGroup,
    SeeToken,
    UseAuthenticator,
    UseInvitation,
)
from assent.core.policy_draft import DropPolicyDraft, PutPolicyDraft
from assent.stores import people_rows as rows
from assent.stores.people_tables import (
    authenticators,
    device_reports,
    external_identities,
    invitations,
    policy_drafts,
    provisioned_groups,
    sign_in_networks,
)
from assent.stores.statements import changed, insert, put, replace
from assent.stores.tables import credentials, subjects, tokens
from assent.stores.workflow_tables import device_keys

PEOPLE = (
    DropTokens,
    SeeToken,
    DropExpired,
    KeepNetwork,
    PutPassword,
    PutAuthenticator,
    UseAuthenticator,
    DropAuthenticators,
    PutInvitation,
    UseInvitation,
    PutExternalIdentity,
    DropExternalIdentity,
    PutProvisionedGroup,
    DropProvisionedGroup,
    AdmitDeviceKey,
    PutDeviceDetails,
    PutDeviceReport,
    EndDeviceCredentials,
    PutPolicyDraft,
    DropPolicyDraft,
)


def apply(connection: Connection, change: PeopleChange) -> None:
    """Write one change. Raises ConflictFault when it does not fit; then it wrote nothing."""
    match change:
        case DropTokens():
            _drop_tokens(connection, change)
        case SeeToken(digest, at):
            used = update(tokens).where(tokens.c.digest == digest)
            connection.execute(used.values(seen_at=at))
        case DropExpired():
            _drop_expired(connection, change)
        case KeepNetwork(subject, network, at):
            row = {"subject_id": subject, "network": network, "at": at}
            replace(connection, sign_in_networks, row)
        case PutPassword(subject, password_hash):
            theirs = update(subjects).where(subjects.c.id == subject)
            connection.execute(theirs.values(password_hash=password_hash))
        case PutAuthenticator(authenticator):
            replace(connection, authenticators, rows.authenticator_row(authenticator))
        case UseAuthenticator():
            _use_authenticator(connection, change)
        case DropAuthenticators(subject, kind):
            gone = delete(authenticators).where(authenticators.c.subject_id == subject)
            if kind is not None:
                gone = gone.where(authenticators.c.kind == kind.value)
            connection.execute(gone)
        case PutInvitation():
            _put_invitation(connection, change)
        case UseInvitation():
            _use_invitation(connection, change)
        case PutExternalIdentity():
            _put_identity(connection, change)
        case DropExternalIdentity(provider, external):
            columns = external_identities.c
            known = (columns.provider == provider, columns.external == external)
            connection.execute(delete(external_identities).where(*known))
        case PutProvisionedGroup():
            _put_group(connection, change)
        case DropProvisionedGroup(id):
            gone = delete(provisioned_groups).where(provisioned_groups.c.id == id)
            connection.execute(gone)
        case AdmitDeviceKey():
            _admit(connection, change)
        case PutDeviceDetails(key, details):
            body = json.dumps(dict(details), sort_keys=True)
            held = update(device_keys).where(device_keys.c.id == key)
            connection.execute(held.values(details=body))
        case PutDeviceReport():
            _put_report(connection, change)
        case PutPolicyDraft(draft):
            replace(connection, policy_drafts, rows.policy_draft_row(draft))
        case DropPolicyDraft(id):
            connection.execute(delete(policy_drafts).where(policy_drafts.c.id == id))
        case EndDeviceCredentials(key, at):
            minted = update(credentials).where(credentials.c.device_id == key)
            connection.execute(minted.where(credentials.c.expires_at > at).values(expires_at=at))
        case _:
            assert_never(change)


def _drop_tokens(connection: Connection, change: DropTokens) -> None:
    gone = delete(tokens).where(tokens.c.subject_id == change.subject)
    if change.only is not None:
        gone = gone.where(tokens.c.id == change.only)
    connection.execute(gone.where(tokens.c.digest != change.but))


def _drop_expired(connection: Connection, change: DropExpired) -> None:
    connection.execute(delete(tokens).where(tokens.c.expires_at <= change.at))
    old = sign_in_networks.c.at < change.networks_before
    connection.execute(delete(sign_in_networks).where(old))


def _use_authenticator(connection: Connection, change: UseAuthenticator) -> None:
    columns = authenticators.c
    fits = update(authenticators).where(columns.id == change.authenticator)
    if change.step:
        fits = fits.where(columns.last_step < change.step).values(last_step=change.step)
    else:
        fits = fits.where(columns.used_at.is_(None)).values(used_at=change.at)
    if not changed(connection, fits):
        raise ConflictFault("code-used", "this code was used before; take the next one")


def _put_invitation(connection: Connection, change: PutInvitation) -> None:
    invitation, columns = change.invitation, invitations.c
    earlier = update(invitations).where(
        columns.purpose == invitation.purpose,
        columns.subject_id.is_not_distinct_from(invitation.subject),
        columns.used_at.is_(None),
    )
    connection.execute(earlier.values(used_at=invitation.made_at))
    put(connection, invitations, rows.invitation_row(invitation))


def _use_invitation(connection: Connection, change: UseInvitation) -> None:
    columns = invitations.c
    fits = update(invitations).where(
        columns.id == change.invitation, columns.used_at.is_(None), columns.expires_at > change.at
    )
    if not changed(connection, fits.values(used_at=change.at)):
        raise ConflictFault("invitation-over", "this link was used or has expired; ask for another")


def _put_identity(connection: Connection, change: PutExternalIdentity) -> None:
    row = rows.external_identity_row(change.identity)
    new = insert(connection, external_identities).values(row)
    same = external_identities.c.subject_id == change.identity.subject
    fits = new.on_conflict_do_update(
        index_elements=["provider", "external"],
        set_={"at": row["at"], "body": row["body"]},
        where=same,
    )
    if not changed(connection, fits):
        words = "the identity provider says that this account is another person's"
        raise ConflictFault("identity-taken", words)


def _put_group(connection: Connection, change: PutProvisionedGroup) -> None:
    row = rows.provisioned_group_row(change.group)
    columns = provisioned_groups.c
    new = insert(connection, provisioned_groups).values(row).on_conflict_do_nothing()
    if changed(connection, new):
        return
    # The name may be another group's, which the constraint on it then says.
    taken = columns.name == change.group.name
    other = delete(provisioned_groups).where(columns.id == change.group.id)
    found = connection.execute(
        provisioned_groups.select().where(taken, columns.id != change.group.id)
    ).first()
    if found is not None:
        words = f"another group is called `{change.group.name[:80]}` already"
        raise ConflictFault("group-exists", words)
    connection.execute(other)
    put(connection, provisioned_groups, row)


def _admit(connection: Connection, change: AdmitDeviceKey) -> None:
    columns = device_keys.c
    waits = or_(columns.revoked_at.is_not(None), columns.admitted_at.is_not(None))
    fits = update(device_keys).where(columns.id == change.key, ~waits)
    if not changed(connection, fits.values(admitted_at=change.at, admitted_by=change.by)):
        words = f"device `{change.key[:60]}` is admitted already, revoked, or does not exist"
        raise ConflictFault("device-not-waiting", words)


def _put_report(connection: Connection, change: PutDeviceReport) -> None:
    row = rows.device_report_row(change)
    new = insert(connection, device_reports).values(row)
    fits = new.on_conflict_do_update(
        index_elements=["key_id"],
        set_={"at": row["at"], "body": row["body"]},
        where=device_reports.c.at < change.at,
    )
    if not changed(connection, fits):
        raise ConflictFault("report-old", "a later report of this device is kept already")
