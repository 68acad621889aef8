"""What is there for people who are kept here: their administration, and their own accounts."""

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
from assent.core.clock import Clock
from assent.core.ids import Ids
from assent.core.ports import PasswordHasher, Store


@dataclass(frozen=True, slots=True)
class LocalPeople:
    """accounts: of everybody, for administrators. own: of whoever asks. second_factors: of all."""

    accounts: Accounts
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
    return LocalPeople(
        Accounts(
            store=store,
            directory=directory,
            people=people,
            sign_in=sign_in,
            sign_ins=sign_ins,
            invitations=Invitations(store=store, clock=clock, ids=ids, public_url=public_url),
            hasher=hasher,
            outbox=outbox,
            clock=clock,
            ids=ids,
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
