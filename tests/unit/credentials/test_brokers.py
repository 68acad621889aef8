"""Each target is reached by its own broker."""

from collections.abc import Collection
from dataclasses import replace
from typing import cast

from assent.core.lease import Lease, Privileges
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.core.session import Session
from assent.credentials.brokers import Brokers
from builders import SHOP


class Named:
    """A broker that says who it is."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.released: list[str] = []

    def needs_privileges(self, target: Target) -> bool:
        return self.name == "own"

    async def lease(self, target: Target, session: Session, privileges: Privileges | None) -> Lease:
        return Lease(self.name, Secret(""))

    async def release(self, target: Target, lease: Lease) -> None:
        self.released.append(target.name)

    async def sweep(self, target: Target, live: Collection[str]) -> list[str]:
        return [self.name, *live]

    async def standing(self, target: Target) -> tuple[str, Secret[str]]:
        return self.name, Secret("")


async def test_every_question_goes_to_the_targets_own_broker() -> None:
    own, usual = Named("own"), Named("usual")
    brokers = Brokers({"shop": own}, usual)
    shop, other = replace(SHOP, name="shop"), replace(SHOP, name="other")
    for target, broker in ((shop, own), (other, usual)):
        lease = await brokers.lease(target, cast(Session, None), None)
        assert lease.user == broker.name
        assert brokers.needs_privileges(target) is (broker is own)
        assert (await brokers.standing(target))[0] == broker.name
        assert await brokers.sweep(target, {"x"}) == [broker.name, "x"]
        await brokers.release(target, lease)
        assert broker.released == [target.name]
