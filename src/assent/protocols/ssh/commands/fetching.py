"""Programs that move much at once: tar, dd, curl, wget.

Source: the manuals of GNU tar 1.34, coreutils 9.1, curl 7.88 and wget 1.21.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from assent.protocols.ssh.commands.calls import Call, Reader
from assent.protocols.ssh.commands.files import READ, WRITE
from assent.protocols.ssh.commands.findings import quoted
from assent.protocols.ssh.commands.names import named
from assent.protocols.ssh.commands.options import Options, Undeclared, take
from assent.protocols.ssh.commands.places import Outcome, entered
from assent.protocols.ssh.commands.words import Word, literal

_TAR = Options(
    "cxtruAdzjJZavpkOPhSmws",
    "fCXT",
    named(
        "create extract list append update gzip xz bzip2 verbose keep-old-files no-same-owner"
        " preserve-permissions overwrite zstd"
    ),
    frozenset({"file", "directory", "exclude", "strip-components", "owner", "group", "mode"}),
)
_CURL = Options(
    "sSfLkvIiGgNOJ46#aRl",
    "oHXdFTuAebcmrwxy",
    named(
        "silent show-error fail location insecure verbose head include get compressed"
        " remote-name fail-with-body no-progress-meter http1.1 http2"
    ),
    named(
        "output header request data data-raw data-binary data-urlencode form upload-file user"
        " user-agent max-time connect-timeout retry write-out cacert cert key cookie url"
        " retry-delay json resolve"
    ),
)
_WGET = Options(
    "qvcNSnd46",
    "OPTtUo",
    named("quiet no-verbose continue no-check-certificate timestamping spider"),
    named("output-document directory-prefix timeout tries user-agent header"),
)
_HERE = literal(".")


def _tar(call: Call) -> Outcome:
    words = list(call.words)
    if words and words[0].known and not words[0].shown.startswith("-"):
        words = _old_style(words)
    try:
        taken = take(words, _TAR)
    except Undeclared as undeclared:
        call.unknown(f"`tar`: {undeclared}")
        return call.stays
    extracts = taken.has("-x", "--extract")
    writes = taken.has("-c", "-r", "-u", "-A", "--create", "--append", "--update")
    inner = call
    for folder in taken.values("-C", "--directory"):
        inner = replace(call, scope=replace(call.scope, directories=entered(folder, inner.scope)))
    for archive in taken.values("-f", "--file"):
        if archive.value is None or ":" in archive.value:
            call.unknown("`tar` may reach another machine for its archive")
        elif archive.value != "-":
            call.file(WRITE if writes else READ, archive)
    for file in taken.values("-T", "-X"):
        call.file(READ, file)
    if taken.has("-T") and not extracts:
        call.unknown("which files `tar` packs cannot be known")
    if extracts and not taken.has("-O"):
        inner.file(WRITE, _HERE)
        if taken.has("-P"):
            call.unknown("where `tar` unpacks to cannot be known")
    for file in taken.operands if writes else []:
        inner.file(READ, file)
    return call.stays


def _old_style(words: list[Word]) -> list[Word]:
    """Return `tar xzf FILE` as `tar -x -z -f FILE`."""
    letters, rest = words[0].shown, words[1:]
    found: list[Word] = []
    for letter in letters:
        found.append(literal(f"-{letter}"))
        if letter in _TAR.valued and rest:
            found.append(rest.pop(0))
    return found + rest


def _dd(call: Call) -> Outcome:
    for word in call.words:
        name, equals, value = word.prefix.partition("=")
        if not equals or (word.value is None and word.splits):
            call.unknown(f"what {quoted(word.written)} is to `dd` cannot be known")
        elif name in ("if", "of"):
            file = literal(value) if word.known else replace(word, prefix=value)
            call.file(READ if name == "if" else WRITE, file)
    return call.stays


def _curl(call: Call) -> Outcome:
    try:
        taken = take(call.words, _CURL)
    except Undeclared as undeclared:
        call.unknown(f"`curl`: {undeclared}")
        return call.stays
    for name, value in taken.options:
        if value is None:
            continue
        if name in ("-o", "--output", "-c"):
            _unless_standard(call, WRITE, value)
        elif name == "-b" or name == "--cookie":
            if "=" not in value.prefix:
                call.file(READ, value)
        elif name == "--data-urlencode" and "@" in value.prefix.partition("=")[0]:
            call.file(READ, literal(value.prefix.partition("@")[2]))
        elif name in ("-T", "--upload-file"):
            _unless_standard(call, READ, value)
        elif name in ("--cacert", "--cert", "--key"):
            call.file(READ, value)
        elif name not in ("-H", "--header", "--data-raw", "-u", "--user"):
            _sent(call, value)
        elif value.prefix.startswith("@") and name in ("-H", "--header"):
            call.file(READ, literal(value.prefix[1:]))
    if taken.has("-O", "-J", "--remote-name"):
        call.file(WRITE, _HERE)
    for url in (*taken.operands, *taken.values("--url")):
        if url.prefix.lower().startswith("file:"):
            call.unknown("which file `curl` reads by its address is not read")
        elif not url.known and ":" not in url.prefix:
            call.unknown(f"what {quoted(url.written)} addresses cannot be known")
    return call.stays


def _sent(call: Call, value: Word) -> None:
    """Note the file whose content is sent: `@file`, `name=@file`, `name=<file`, `name@file`."""
    text = value.prefix
    if not value.known and not text:
        call.unknown(f"what `curl` sends, {quoted(value.written)}, cannot be known")
    for mark in ("=@", "=<"):
        if mark in text:
            call.file(READ, literal(text.split(mark, 1)[1].split(";")[0]))
            if "," in text:
                call.unknown("which files `curl` sends is not read")
            return
    if text.startswith("@") and text != "@-":
        call.file(READ, literal(text[1:]) if value.known else value)


def _unless_standard(call: Call, verb: str, value: Word) -> None:
    if call.base == "curl" and re.search(r"[#{\[]", value.prefix):
        call.unknown("which file `curl` means by a pattern is not read")
    if value.value not in ("-", "/dev/null", "/dev/stdout"):
        call.file(verb, value)


def _wget(call: Call) -> Outcome:
    try:
        taken = take(call.words, _WGET)
    except Undeclared as undeclared:
        call.unknown(f"`wget`: {undeclared}")
        return call.stays
    outputs = taken.values("-O", "--output-document", "-P", "--directory-prefix")
    for value in (*outputs, *taken.values("-o")):
        _unless_standard(call, WRITE, value)
    if not outputs and not taken.has("--spider"):
        call.file(WRITE, _HERE)
    return call.stays


FETCHERS: Mapping[str, Reader] = {
    "tar": _tar,
    "dd": _dd,
    "curl": _curl,
    "wget": _wget,
}
