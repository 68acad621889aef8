"""Coming in by a link with a passkey, and no password anywhere."""

from assent.control.device_keys import DeviceKeys, DraftedKey
from assent.control.invitations import RECOVERY
from assent.control.passkeys import Passkeys
from assent.control.sign_in import digest_of
from assent.control.welcoming import Welcoming
from assent.core.canonical import Json
from assent.core.changes import Change
from assent.core.entry import Entry
from assent.core.secret import Secret
from assent.core.subject import Subject

KEY_NAME = "first passkey"


async def begin(
    welcoming: Welcoming, passkeys: Passkeys, link: Secret[str], name: str, display_name: str
) -> dict[str, Json]:
    """Return what the browser of whoever has the link makes a passkey with.

    name, display_name: of the first administrator. Raises MissingFault, ConflictFault.
    """
    welcome = await welcoming.welcome(link)
    subject = welcoming.coming(welcome, name, display_name)
    anew = welcome.purpose == RECOVERY
    return await passkeys.begin_for(subject, digest_of(link), anew=anew)


async def accept(
    welcoming: Welcoming,
    passkeys: Passkeys,
    device_keys: DeviceKeys,
    link: Secret[str],
    *,
    name: str,
    display_name: str,
    credential: str,
) -> Subject:
    """Use a link up; return who has come in, whose passkey is kept in the same unit.

    credential: the browser's answer, JSON. Raises MissingFault, ConflictFault, ForbiddenFault.
    """
    made: list[DraftedKey] = []

    def with_passkey(subject: Subject) -> tuple[tuple[Change, ...], tuple[Entry, ...]]:
        drafted = passkeys.drafted_for(subject, digest_of(link), KEY_NAME, credential)
        made.append(drafted)
        return (*drafted.changes,), (*drafted.entries,)

    subject = await welcoming.accept(
        link, name=name, display_name=display_name, with_changes=with_passkey
    )
    for drafted in made:
        await device_keys.enrolled(drafted.key)
    return subject
