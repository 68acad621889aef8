"""The other ends of scp, sftp, rsync and git, as their clients start them on a server.

Source: scp.c and the manuals of OpenSSH 9, options.c of rsync 3.2 (server_options), git 2.39.
"""

import re
from collections.abc import Mapping

from assent.protocols.ssh.commands.calls import Call, Reader
from assent.protocols.ssh.commands.files import READ, WRITE
from assent.protocols.ssh.commands.findings import quoted
from assent.protocols.ssh.commands.names import named
from assent.protocols.ssh.commands.options import Options, Taken, Undeclared, take
from assent.protocols.ssh.commands.places import Outcome
from assent.protocols.ssh.commands.words import Word

_SCP_END = Options("tfrpdvq")
_SCP = Options("346ABCOpqRrTvs", "cFJlPX")
# Letters and names that rsync's client sends to a server; others make it incomplete.
_RSYNC_LETTERS = "vlogDtprRWnuxzcHAXSbLkKIyNUOEqhdmieFfCwPTBM.1234567890"
_RSYNC_LONG = named(
    "server sender delete delete-before delete-during delete-delay delete-after delete-excluded"
    " remove-source-files inplace numeric-ids partial size-only ignore-times ignore-existing"
    " existing append force safe-links munge-links copy-unsafe-links stats prune-empty-dirs"
    " no-implied-dirs list-only delay-updates fuzzy ignore-errors from0 no-r no-relative old-args"
    " fake-super super no-W open-noatime new-compress old-compress secluded-args protect-args"
    " specials preallocate sparse links no-devices no-specials devices mkpath checksum"
)
_RSYNC_VALUED = re.compile(
    r"--(log-format|info|debug|bwlimit|timeout|max-size|min-size|max-delete|modify-window"
    r"|block-size|compress-choice|compress-level|checksum-choice|checksum-seed|suffix|max-alloc"
    r"|skip-compress|iconv|stop-after|out-format|zc|zl|cc|chmod|usermap|groupmap|chown|rsync-path"
    r"|no-\w+)=.*"
)
_RSYNC_PLACES = re.compile(
    r"--(backup-dir|partial-dir|temp-dir|compare-dest|copy-dest|link-dest|files-from)(=(.*))?"
)


def _scp(call: Call) -> Outcome:
    ends = any(re.match(r"-\w*[tf]", word.prefix) for word in call.words)
    try:
        taken = take(call.words, _SCP_END if ends else _SCP)
    except Undeclared as undeclared:
        call.unknown(f"`scp`: {undeclared}")
        return call.stays
    if not ends:
        call.unknown("what `scp` moves to and from other machines is not read")
        return call.stays
    _moved(call, taken, WRITE if taken.has("-t") else READ)
    if taken.has("-t") == taken.has("-f"):
        call.unknown("which way `scp` copies is not told")
    return call.stays


def _moved(call: Call, taken: Taken, verb: str) -> None:
    for file in taken.operands:
        call.file(verb, file)
    if not taken.operands:
        call.unknown(f"which files {quoted(call.base)} moves cannot be known")


def _sftp_server(call: Call) -> Outcome:
    """Note that files are moved: which, its requests say."""
    try:
        taken = take(call.words, Options("eR", "fluPpdQ"))
    except Undeclared as undeclared:
        call.unknown(f"`sftp-server`: {undeclared}")
        return call.stays
    if taken.has("-Q", "-p", "-P"):
        call.unknown("an option of `sftp-server` is not read")
    call.unknown("which files are moved by `sftp-server` is not read; ask for the subsystem `sftp`")
    return call.stays


def _rsync(call: Call) -> Outcome:
    values = [word.value for word in call.words]
    if "--server" not in values:
        call.unknown("what `rsync` moves, by a program that it starts, is not read")
        return call.stays
    sends = "--sender" in values
    places: list[Word] = []
    waiting = list(reversed(call.words))
    ended = False
    while waiting:
        word = waiting.pop()
        value = word.value or ""
        if not ended and value == "--":
            ended = True
        elif not ended and value.startswith("-"):
            _rsync_option(call, word, waiting, sends)
        elif word.known or (not word.splits and word.prefix):
            places.append(word)
        else:
            call.unknown(f"{quoted(word.written)} may be an option of `rsync`")
    # The first operand is always `.`; files that are sent, or where they are received.
    if not places or places[0].value != "." or len(places) < 2:
        call.unknown("which files `rsync` moves cannot be known")
    for place in places[1:]:
        call.file(READ if sends else WRITE, place)
        _deletes(call, values, place, sends)
    return call.stays


def _deletes(call: Call, values: list[str | None], place: Word, sends: bool) -> None:
    removes = "--remove-source-files" in values and sends
    replaces = not sends and any((one or "").startswith("--delete") for one in values)
    if removes or replaces:
        call.file("file.delete", place)


def _rsync_option(call: Call, word: Word, waiting: list[Word], sends: bool) -> None:
    value = word.value or ""
    if found := _RSYNC_PLACES.fullmatch(value):
        place = Word(-1, -1, found[3], found[3], found[3]) if found[2] else None
        place = place or (waiting.pop() if waiting else None)
        if place is None:
            call.unknown("an option of `rsync` has no value")
        elif place.value != "-":
            reads = sends or found[1] in ("compare-dest", "copy-dest", "link-dest", "files-from")
            call.file(READ if reads else WRITE, place)
            if found[1] == "files-from":
                call.unknown("which files `rsync` moves cannot be known")
    elif value.startswith("--"):
        if value[2:] not in _RSYNC_LONG and not _RSYNC_VALUED.fullmatch(value):
            call.unknown(f"what {quoted(word.written)} is to `rsync` is not known")
        if value in ("--secluded-args", "--protect-args"):
            call.unknown("which files `rsync` moves comes on its input, and is not read")
    else:
        # Letters, then `e.` and what the client can do: `-vlogDtpre.iLsfxCIvu`.
        letters, capable, _ = value[1:].partition("e.")
        if not capable:
            letters = value[1:]
        if "s" in letters:
            call.unknown("which files `rsync` moves comes on its input, and is not read")
        if any(one not in _RSYNC_LETTERS + "s" for one in letters):
            call.unknown(f"what {quoted(word.written)} is to `rsync` is not known")


def _git_end(verb: str) -> Reader:
    def read(call: Call) -> Outcome:
        words = [one for one in call.words if one.value not in ("--strict", "--stateless-rpc")]
        if len(words) != 1 or words[0].prefix.startswith("-"):
            call.unknown(f"what {quoted(call.base)} is told is not read")
        for word in words:
            call.file(verb, word)
        return call.stays

    return read


REMOTE_ENDS: Mapping[str, Reader] = {
    "scp": _scp,
    "rsync": _rsync,
    "sftp-server": _sftp_server,
    "internal-sftp": _sftp_server,
    "git-upload-pack": _git_end(READ),
    "git-upload-archive": _git_end(READ),
    "git-receive-pack": _git_end(WRITE),
}
