"""How programs come in: command lines that people sign in, and tokens, services and agents."""

from dataclasses import dataclass

from assent.control.api_tokens import ApiTokens
from assent.control.device_codes import DeviceCodes
from assent.control.directory import Directory
from assent.control.loop_back import LoopBack
from assent.control.outbox import Outbox
from assent.control.people import People
from assent.control.sign_in import SignIn
from assent.control.workloads import Workloads
from assent.core.clock import Clock
from assent.core.ids import Ids
from assent.core.ports import Store


@dataclass(frozen=True, slots=True)
class Programs:
    """The use cases of everything that signs in without a form."""

    device_codes: DeviceCodes
    loop_back: LoopBack
    tokens: ApiTokens
    workloads: Workloads


def programs(
    *,
    store: Store,
    directory: Directory,
    sign_in: SignIn,
    people: People,
    outbox: Outbox,
    clock: Clock,
    ids: Ids,
) -> Programs:
    """Return them, handed to each other."""
    return Programs(
        DeviceCodes(store=store, directory=directory, sign_in=sign_in, clock=clock, ids=ids),
        LoopBack(store=store, directory=directory, sign_in=sign_in, clock=clock, ids=ids),
        ApiTokens(
            store=store,
            directory=directory,
            sign_in=sign_in,
            outbox=outbox,
            clock=clock,
            ids=ids,
        ),
        Workloads(store=store, people=people, directory=directory, clock=clock),
    )
