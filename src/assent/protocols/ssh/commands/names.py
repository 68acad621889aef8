"""Names with a meaning to the shell or the loader: what is set by them changes what is run."""

import re

# Names that choose programs, or code that they load. A list of what is known to; a program may
# have others, which are among its arguments.
_LOADED = re.compile(
    r"LD_.*|DYLD_.*|BASH.*|PROMPT_COMMAND|PS[0-4]|PATH|ENV|IFS|SHELL|SHELLOPTS|HOME|PWD|OLDPWD"
    r"|CDPATH|GLOBIGNORE|FPATH|ZDOTDIR|INPUTRC|HIST.*|PYTHON.*|PERL.*|RUBY.*|NODE_.*|LUA_.*"
    r"|GIT_.*|LESS.*|SYSTEMD_.*|SSH_.*|SUDO_.*|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_.*|MAKE.*"
    r"|TAR_OPTIONS|RSYNC_.*|GCONV_PATH|LOCPATH|NLSPATH|TERMINFO.*|TERMCAP|MALLOC_.*|GLIBC_.*"
    r"|RES_OPTIONS|HOSTALIASES|TMPDIR|EDITOR|VISUAL|PAGER|BROWSER|FCEDIT|MAIL.*|WGETRC|CURL_.*"
    r"|OPENSSL_.*|CLASSPATH|PKG_CONFIG.*|CC|CXX|LDFLAGS|CFLAGS|POSIXLY_CORRECT|UID|EUID|PPID|_"
    r"|.*(PATH|_PAGER|_EDITOR|_RSH|_ASKPASS|_PRELOAD|_COMMAND|_CMD|_SHELL|_WRAPPER|_OPTIONS)"
)
_SHOWN = re.compile(r"LANG|LANGUAGE|LC_[A-Z]+|TZ|TERM|COLUMNS|LINES|NO_COLOR|CLICOLOR")
ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\+?=")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def named(names: str) -> frozenset[str]:
    """Return the names, which have blanks between them."""
    return frozenset(names.split())


RESERVED = named(
    "if then elif else fi do done case esac while until for select in { } ! [[ ]] function"
    " coproc time"
)
"""Words that are no programs where a command begins. Source: bash 5.2, RESERVED WORDS."""


def changes_what_runs(name: str) -> bool:
    """Whether setting it may change which programs or what code a command runs."""
    return _LOADED.fullmatch(name) is not None or _NAME.fullmatch(name) is None


def only_shows(name: str) -> bool:
    """Whether setting it only changes how things are shown."""
    return _SHOWN.fullmatch(name) is not None
