"""What the store answers of tokens, authenticators, identities and what devices said."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from assent.core.authenticator import (
    Authenticator,
    ExternalIdentity,
    Invitation,
    ProvisionedGroup,
)
from assent.core.device import Device
from assent.core.ids import DeviceKeyId, PolicyDraftId, SubjectId
from assent.core.policy_draft import PolicyDraft
from assent.core.token import Token
from assent.stores import people_rows as rows
from assent.stores.fetching import MOST_ROWS, Fetching
from assent.stores.people_tables import (
    authenticators,
    device_reports,
    external_identities,
    invitations,
    policy_drafts,
    provisioned_groups,
    sign_in_networks,
)
from assent.stores.rows import token_of
from assent.stores.tables import tokens

_MOST_IDENTITIES = 100_000
_MOST_REPORTS = 500
_MOST_DRAFTS = 200


class PeopleReading(Fetching):
    """The part of the Store port's reading half about who there is and how they prove it."""

    async def token(self, digest: str) -> Token | None:
        return await self._one(select(tokens).where(tokens.c.digest == digest), token_of)

    async def tokens(
        self, subject: SubjectId | None = None, provider: str = "", provider_session: str = ""
    ) -> Sequence[Token]:
        wanted, columns = select(tokens), tokens.c
        if subject is not None:
            wanted = wanted.where(columns.subject_id == subject)
        if provider:
            wanted = wanted.where(columns.provider == provider)
        if provider_session:
            wanted = wanted.where(columns.provider_session == provider_session)
        return await self._all(
            wanted.order_by(columns.expires_at, columns.id).limit(MOST_ROWS), token_of
        )

    async def knows_network(self, subject: SubjectId, network: str) -> bool:
        columns = sign_in_networks.c
        mine = select(columns.at).where(columns.subject_id == subject)
        found = await self._all(mine.where(columns.network == network), lambda row: row["at"])
        return bool(found)

    async def authenticators(self, subject: SubjectId | None = None) -> Sequence[Authenticator]:
        columns, wanted = authenticators.c, select(authenticators)
        if subject is not None:
            wanted = wanted.where(columns.subject_id == subject)
        oldest = wanted.order_by(columns.created_at, columns.id)
        return await self._all(oldest.limit(MOST_ROWS), rows.authenticator_of)

    async def invitation(self, digest: str) -> Invitation | None:
        wanted = select(invitations).where(invitations.c.digest == digest)
        return await self._one(wanted, rows.invitation_of)

    async def external_identities(
        self, provider: str, external: str = "", subject: SubjectId | None = None
    ) -> Sequence[ExternalIdentity]:
        columns = external_identities.c
        wanted = select(external_identities).where(columns.provider == provider)
        if external:
            wanted = wanted.where(columns.external == external)
        if subject is not None:
            wanted = wanted.where(columns.subject_id == subject)
        ordered = wanted.order_by(columns.external).limit(_MOST_IDENTITIES)
        return await self._all(ordered, rows.external_identity_of)

    async def provisioned_groups(self) -> Sequence[ProvisionedGroup]:
        ordered = select(provisioned_groups).order_by(provisioned_groups.c.name)
        return await self._all(ordered.limit(MOST_ROWS), rows.provisioned_group_of)

    async def policy_drafts(self, owner: SubjectId | None = None) -> Sequence[PolicyDraft]:
        wanted = select(policy_drafts)
        if owner is not None:
            wanted = wanted.where(policy_drafts.c.owner_id == owner)
        newest = wanted.order_by(policy_drafts.c.changed_at.desc(), policy_drafts.c.id)
        return await self._all(newest.limit(_MOST_DRAFTS), rows.policy_draft_of)

    async def policy_draft(self, draft: PolicyDraftId) -> PolicyDraft | None:
        wanted = select(policy_drafts).where(policy_drafts.c.id == draft)
        return await self._one(wanted, rows.policy_draft_of)

    async def device_reports(self, keys: Sequence[DeviceKeyId]) -> Mapping[DeviceKeyId, Device]:
        found: dict[DeviceKeyId, Device] = {}
        for start in range(0, len(keys), _MOST_REPORTS):
            some = device_reports.c.key_id.in_(keys[start : start + _MOST_REPORTS])
            wanted = select(device_reports).where(some)
            found.update(await self._all(wanted, rows.device_report_of))
        return found
