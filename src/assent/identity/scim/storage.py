"""The resources of SCIM: found in memory, kept in the store, in force at once.

One request at a time: each is read, changed and written before the next one is read, so no two
changes of one resource can lose one another.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from typing import Any

from scim2_models import (
    Group,
    InvalidValueException,
    ResourceType,
    ResponseParameters,
    SearchRequest,
    UniquenessException,
    User,
)
from scim2_server.memory import InMemoryStorage
from scim2_server.storage import AsyncScimStorage, SearchPage

from assent.control.provisioning import Provisioning, UnfinishedFault
from assent.core.clock import Clock
from assent.core.faults import ConflictFault
from assent.core.ids import Ids, SubjectId
from assent.identity.scim.description import Person, SomeResource
from assent.identity.scim.meaning import group_of, person_of

BY: ContextVar[SubjectId | None] = ContextVar("scim-by", default=None)
"""As whom the provider comes that asks now."""


class _Index(InMemoryStorage):
    """All resources in memory. Versions are never used twice, not even after a restart."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        super().__init__(clock.now)
        self._ids = ids

    def generate_id(self, resource_type: ResourceType, resource: SomeResource) -> str:
        return self._ids.token(18)

    def next_version(self) -> str:
        return f'W/"{self._ids.token(12)}"'

    def restore(self, resource: SomeResource) -> None:
        """Keep a resource just as it is."""
        self._store(resource, self._values_of(resource))

    def forget(self, resource: SomeResource) -> None:
        """Forget a resource that was not kept after all."""
        assert resource.meta is not None
        assert resource.id is not None
        self._remove((resource.meta.resource_type, resource.id))


class ScimStorage(AsyncScimStorage):
    """Users and groups. Faults become those of SCIM, but for those that are not the provider's."""

    supports_cursors = False

    def __init__(self, provisioning: Provisioning, clock: Clock, ids: Ids) -> None:
        self._provisioning = provisioning
        self._index = _Index(clock, ids)
        self._lock = asyncio.Lock()
        self._read = False

    def operation(self) -> AbstractAsyncContextManager[None]:
        """Enclose one request: others wait, and what an earlier one left undone is done first."""
        return self._alone()

    async def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> SomeResource:
        return self._index.get(resource_type, resource_id)

    async def search(
        self,
        resource_types: list[ResourceType],
        search_request: SearchRequest[Any],
        *,
        position: Any = None,
    ) -> SearchPage:
        # A filter may have to look at everybody; nobody else's request should wait for that.
        return await asyncio.to_thread(
            self._index.search, resource_types, search_request, position=position
        )

    async def create(self, resource_type: ResourceType, resource: SomeResource) -> SomeResource:
        created = self._index.create(resource_type, _without_secrets(resource))
        await self._keep(created, lambda: self._index.forget(created))
        return created

    async def update(
        self,
        resource_type: ResourceType,
        resource: SomeResource,
        *,
        expected_version: str | None = None,
    ) -> SomeResource:
        before = self._index.get(resource_type, resource.id or "")
        updated = self._index.update(
            resource_type, _without_secrets(resource), expected_version=expected_version
        )
        await self._keep(updated, lambda: self._index.restore(before))
        return updated

    async def delete(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        expected_version: str | None = None,
    ) -> None:
        before = self._index.get(resource_type, resource_id)
        self._index.delete(resource_type, resource_id, expected_version=expected_version)
        remove = (
            self._provisioning.remove_group
            if isinstance(before, Group)
            else self._provisioning.remove_person
        )
        await self._do(remove(resource_id, BY.get()), lambda: self._index.restore(before))

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        async with self._lock:
            if not self._read:
                await self._read_all()
                self._read = True
            await self._provisioning.finish(BY.get())
            yield

    async def _read_all(self) -> None:
        """Begin with all that is kept, and put into force what was cut short."""
        identities, groups = await self._provisioning.kept()
        people = {one.external: (one, Person.model_validate_json(one.body)) for one in identities}
        kept = {one.id: Group.model_validate_json(one.body) for one in groups}
        self._index.resources = [*(one for _, one in people.values()), *kept.values()]
        await self._provisioning.take_up(
            {id: (identity.subject, person_of(one)) for id, (identity, one) in people.items()},
            {id: group_of(one) for id, one in kept.items()},
        )

    async def _keep(self, resource: SomeResource, undo: Callable[[], None]) -> None:
        assert resource.id is not None
        body, by = resource.model_dump_json(), BY.get()
        if isinstance(resource, Group):
            doing = self._provisioning.put_group(resource.id, group_of(resource), body, by)
        else:
            assert isinstance(resource, User)
            doing = self._provisioning.put_person(resource.id, person_of(resource), body, by)
        await self._do(doing, undo)

    async def _do(self, doing: Coroutine[Any, Any, None], undo: Callable[[], None]) -> None:
        """Put something into force; where it is not kept, it is undone here, too."""
        try:
            await doing
        except UnfinishedFault:
            raise
        except ConflictFault as fault:
            undo()
            if fault.code == "bad-name":
                raise InvalidValueException(detail=fault.detail) from fault
            raise UniquenessException(detail=fault.detail) from fault
        except BaseException:
            undo()
            raise


def _without_secrets(resource: SomeResource) -> SomeResource:
    """Return a resource without its password: nobody signs in here with one of a provider's."""
    copy = resource.model_copy(deep=True)
    if isinstance(copy, User):
        copy.password = None
    return copy
