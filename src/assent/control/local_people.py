"""What is there for people who are kept here: their administration, and their own accounts."""

import asyncio
from dataclasses import dataclass

from assent.control.accounts import Accounts
from assent.control.directory import Directory
from assent.control.invitations import Invitations
from assent.control.outbox import Outbox
from assent.control.own_account import OwnAccounts
from assent.control.people import People
from assent.control.second_factor import SecondFactors
from assent.control.sign_in import SignIn
from assent.control.sign_ins import SignIns
from assent.control.welcoming import Welcoming
from assent.core.clock import Clock
from assent.core.ids import Ids
from assent.core.ports import PasswordHasher, Store


@dataclass(frozen=True, slots=True)
class LocalPeople:
    """accounts: of everybody, for administrators. welcoming: of who comes in by a link.

    own: of whoever asks. second_factors: of all.
    """

    accounts: Accounts
    welcoming: Welcoming
    own: OwnAccounts
    second_factors: SecondFactors


def local_people(
    *,
    store: Store,
    directory: Directory,
    people: People,
    sign_in: SignIn,
    second_factors: SecondFactors,
    hasher: PasswordHasher,
    outbox: Outbox,
    public_url: str,
    clock: Clock,
    ids: Ids,
) -> LocalPeople:
    """Return the use cases, handed to each other."""
    sign_ins = SignIns(store=store, sign_in=sign_in, clock=clock, ids=ids)
    invitations = Invitations(store=store, clock=clock, ids=ids, public_url=public_url)
    # What is checked of all of them still holds when one of them is changed, or comes in.
    lock = asyncio.Lock()
    return LocalPeople(
        Accounts(
            store=store,
            directory=directory,
            people=people,
            sign_ins=sign_ins,
            invitations=invitations,
            outbox=outbox,
            clock=clock,
            ids=ids,
            lock=lock,
        ),
        Welcoming(
            store=store,
            directory=directory,
            people=people,
            sign_in=sign_in,
            invitations=invitations,
            hasher=hasher,
            outbox=outbox,
            clock=clock,
            ids=ids,
            lock=lock,
        ),
        OwnAccounts(
            store=store,
            sign_in=sign_in,
            sign_ins=sign_ins,
            second_factors=second_factors,
            hasher=hasher,
            outbox=outbox,
            clock=clock,
            ids=ids,
        ),
        second_factors,
    )
