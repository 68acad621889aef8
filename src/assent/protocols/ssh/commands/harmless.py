"""Programs that only read, with these words; and programs that open a pager.

Only what cannot be made to write or run anything by its words is here.
"""

import re
from collections.abc import Mapping, Sequence

from assent.protocols.ssh.commands.names import named
from assent.protocols.ssh.commands.words import Word

_ANY = named(
    "id whoami groups uptime df ps w uname nproc arch tty echo pwd true false seq basename dirname"
    " printenv free lscpu lsblk vmstat getent sleep logname users who cal mpstat pgrep"
    " findmnt lsmod lspci lsusb lsattr namei"
)
_WORDS: Mapping[str, re.Pattern[str]] = {
    "hostname": re.compile(r"-[fsidIA]+"),
    "env": re.compile(r"(?!)"),
    "date": re.compile(r"\+.*|-u|-R|-I\w*|--utc|--iso-8601(=\w+)?", re.S),
    "ss": re.compile(r"-[natulpeimosrx46]+"),
    "netstat": re.compile(r"-[natulpeirs46]+"),
    "mount": re.compile(r"-l"),
    "dmesg": re.compile(r"-[THxLke]+|--human|--ctime"),
    "locale": re.compile(r"-a"),
    "dpkg-query": re.compile(r"-[WlsLf]|[a-z0-9.+*][a-z0-9.+*-]*"),
    "journalctl": re.compile(
        r"-[xefkrabqlm]+|--no-pager|-[unptSU]|[\w@.:][\w@.:-]*|-[un][\w@.:-]+|--(unit|since|until|lines|"
        r"priority|output|boot)(=[\w@.: -]+)?|--(follow|reverse|all|quiet|utc|dmesg)|[\d: -]+"
    ),
}
_SYSTEMCTL = named(
    "status is-active is-enabled is-failed list-units list-unit-files list-timers list-sockets"
    " show cat get-default list-dependencies is-system-running"
)
_SYSTEMCTL_OPTION = re.compile(
    r"--(no-pager|full|all|quiet|plain|no-legend|user|system|failed|value)|-[alq]|-n\d+"
    r"|--(lines|type|state|property|output)=[\w,.-]+|-p\w+"
)
_GIT = named("status log diff show rev-parse ls-files describe blame shortlog ls-tree")
_GIT_OPTION = re.compile(
    r"--(oneline|stat|short|graph|all|name-only|name-status|cached|staged|patch|decorate|no-color"
    r"|porcelain|numstat|summary|branch|show-toplevel|abbrev-ref|tags|always|dirty|first-parent)"
    r"|-[psnbzv]|-\d+|-n\d+|--(since|until|author|grep|format|pretty|max-count|abbrev)=.*",
    re.S,
)
_PAGERS = named("less more most man journalctl systemctl info pg zless zmore bat")
_GIT_PAGES = named("log diff show blame shortlog branch tag grep config reflog help")


def only_reads(base: str, words: Sequence[Word]) -> bool:
    """Whether a program of that name does nothing but read, with these words."""
    if base in _ANY:
        return True
    values = [word.value for word in words]
    known = [value for value in values if value is not None]
    if len(known) != len(values):
        return False
    if pattern := _WORDS.get(base):
        return all(pattern.fullmatch(value) for value in known)
    if base == "systemctl":
        return _verb(known, _SYSTEMCTL, _SYSTEMCTL_OPTION)
    if base == "git":
        rest = known[1:] if known[:1] == ["--no-pager"] else known
        return bool(rest) and rest[0] in _GIT and _verb(rest, _GIT, _GIT_OPTION)
    return False


def _verb(values: Sequence[str], verbs: frozenset[str], option: re.Pattern[str]) -> bool:
    """Whether the first operand is one of these, and every option is as it may be."""
    operands = [value for value in values if not value.startswith("-")]
    options = [value for value in values if value.startswith("-")]
    if not operands or operands[0] not in verbs:
        return False
    return all(option.fullmatch(value) for value in options)


def pages(base: str, words: Sequence[Word]) -> bool:
    """Whether it may show what it has in a pager, from which commands can be run."""
    values = [word.value for word in words]
    if "--no-pager" in values:
        return False
    if base == "git":
        return any(value in _GIT_PAGES for value in values)
    return base in _PAGERS
