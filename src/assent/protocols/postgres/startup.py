"""What a client asks for when it starts: read, checked, and reduced to what may pass.

Only settings that cannot change what a statement means are passed to the target.
Source: PostgreSQL documentation, StartupMessage; `options` as in `postgres -c name=value`.
"""

from dataclasses import dataclass

from assent.core.plugins import NO_WISHES, Wishes
from assent.protocols.postgres import refusals, wishes
from assent.protocols.postgres.messages import PROTOCOL_3_0, Cursor, violation

LARGEST_PACKET_BYTES = 10_000

# Lower case → as the target's documentation spells it.
PASSED = {
    name.lower(): name
    for name in (
        "application_name",
        "client_encoding",
        "DateStyle",
        "TimeZone",
        "extra_float_digits",
        "IntervalStyle",
        "statement_timeout",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
    )
}

# Encodings in which every byte below 0x80 is the ASCII character, also inside of others:
# in SJIS, BIG5, GBK and their kin a backslash may be half of a character, and the target
# would read another statement than we did.
_ENCODINGS = {"utf8": "UTF8", "unicode": "UTF8", "sqlascii": "SQL_ASCII"}


@dataclass(frozen=True, slots=True)
class Startup:
    """A checked StartupMessage.

    database: `target` or `target/database`, as the client named it. parameters: passed to
    the target. search_path: what the client wants it to be, None if it said nothing.
    unknown_options: protocol options (`_pq_.…`) that are not understood here. wishes: what it
    says to the gateway itself.
    """

    user: str
    database: str
    parameters: dict[str, str]
    search_path: str | None
    minor: int
    unknown_options: tuple[str, ...]
    wishes: Wishes = NO_WISHES


class StartupRefused(Exception):
    """The client asked for what cannot be had; `message` is the FATAL to send."""

    def __init__(self, sqlstate: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = refusals.fatal(sqlstate, message, hint=hint)


def read(code: int, body: bytes) -> Startup:
    """Return what a StartupMessage says. body: what follows the version `code`.

    Raises PeerFault where it is malformed, StartupRefused where it asks for too much.
    """
    if code >> 16 != PROTOCOL_3_0 >> 16:
        raise StartupRefused(
            refusals.NOT_SUPPORTED,
            f"protocol version {code >> 16}.{code & 0xFFFF} is not supported, only 3.x is",
        )
    asked = _pairs(body)
    user = asked.pop("user", "")
    database = asked.pop("database", "")
    unknown = tuple(name for name in asked if name.startswith("_pq_."))
    for name in unknown:
        del asked[name]
    if not user:
        raise StartupRefused(
            refusals.INVALID_AUTHORIZATION, "no user is named", "connect as yourself: user=NAME"
        )
    if not database:
        raise StartupRefused(
            refusals.UNKNOWN_TARGET,
            "no target is named",
            "name it as the database: dbname=TARGET or dbname=TARGET/DATABASE",
        )
    wanted = _wanted(asked)
    said = {name: wanted.pop(name) for name in tuple(wanted) if name.startswith(wishes.PREFIX)}
    try:
        wished = wishes.read(said)
    except ValueError as fault:
        hint = "for example PGOPTIONS='-c assent.reason=deploy -c assent.for=30m'"
        raise StartupRefused(refusals.INVALID_VALUE, str(fault), hint) from fault
    parameters, search_path = _passed(wanted)
    return Startup(user, database, parameters, search_path, code & 0xFFFF, unknown, wished)


def encoding(name: str) -> str | None:
    """Return the one spelling of a client encoding that can be read here, None for others."""
    return _ENCODINGS.get("".join(char for char in name.lower() if char.isalnum()))


def same_search_path(wanted: str, search_path: tuple[str, ...]) -> bool:
    """Return whether a client's `search_path` names exactly these schemas."""
    parts = [part.strip() for part in wanted.split(",")]
    return tuple(part[1:-1] if part.startswith('"') else part for part in parts) == search_path


def written_search_path(search_path: tuple[str, ...]) -> str:
    """Return a `search_path` setting, every name quoted."""
    return ", ".join('"' + name.replace('"', '""') + '"' for name in search_path)


def _pairs(body: bytes) -> dict[str, str]:
    cursor = Cursor(body)
    pairs: dict[str, str] = {}
    while True:
        name = cursor.string()
        if not name:
            break
        value = cursor.string()
        try:
            key, text = name.decode("utf-8"), value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise violation("a startup parameter is not valid UTF-8") from error
        if key in pairs:
            raise violation(f"the startup parameter `{key}` is given twice")
        pairs[key] = text
    cursor.end()
    return pairs


def _wanted(asked: dict[str, str]) -> dict[str, str]:
    """Return all settings by name in lower case, those of `options` among them."""
    wanted: dict[str, str] = {}
    for name, value in asked.items():
        if name == "options":
            wanted.update(_options(value))
        else:
            wanted[name.lower()] = value
    return wanted


def _passed(wanted: dict[str, str]) -> tuple[dict[str, str], str | None]:
    parameters: dict[str, str] = {}
    search_path = wanted.pop("search_path", None)
    for name, value in wanted.items():
        if name == "replication" and value.lower() in ("0", "off", "false", "no"):
            continue
        if name == "replication":
            raise StartupRefused(
                refusals.NOT_SUPPORTED,
                "replication connections cannot be made through the gateway",
            )
        if name not in PASSED:
            raise _refused(name)
        parameters[PASSED[name]] = _checked(name, value)
    return parameters, search_path


def _checked(name: str, value: str) -> str:
    if name != "client_encoding":
        return value
    known = encoding(value)
    if known is None:
        raise StartupRefused(
            refusals.NOT_SUPPORTED,
            f"the client encoding `{value[:64]}` is not supported, only UTF8 and SQL_ASCII are",
            "set PGCLIENTENCODING=UTF8",
        )
    return known


def _options(text: str) -> dict[str, str]:
    words = _words(text)
    found: dict[str, str] = {}
    while words:
        word = words.pop(0)
        if word == "-c" and words:
            setting = words.pop(0)
        elif word.startswith("-c") or word.startswith("--"):
            setting = word[2:]
        else:
            setting = ""
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise StartupRefused(
                refusals.NOT_SUPPORTED,
                f"the startup option `{word[:64]}` cannot be passed to the target",
                "only `-c name=value` is understood",
            )
        found[name.replace("-", "_").lower()] = value
    return found


def _words(text: str) -> list[str]:
    """Return the words of an `options` string; a backslash takes the next character as it is."""
    words: list[str] = []
    word: list[str] | None = None
    characters = iter(text)
    for char in characters:
        if char.isspace():
            if word is not None:
                words.append("".join(word))
            word = None
            continue
        word = [] if word is None else word
        word.append(next(characters, "") if char == "\\" else char)
    if word is not None:
        words.append("".join(word))
    return words


def _refused(name: str) -> StartupRefused:
    return StartupRefused(
        refusals.NOT_SUPPORTED,
        f"the startup parameter `{name[:64]}` cannot be passed to the target",
        "remove it from the connection string; passed are " + ", ".join(PASSED.values()),
    )
