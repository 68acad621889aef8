"""What a password must be: long, and not what everybody tries first (NIST SP 800-63B, 3.1.1.2)."""

import re

from assent.core.faults import ConflictFault
from assent.core.secret import Secret

SHORTEST = 12
LONGEST = 1024
_WORDS = """
password passwort passphrase motdepasse contrasena letmein letmeinnow welcome willkommen
iloveyou qwerty qwertz qwertyuiop qwertzuiop azerty azertyuiop asdfghjkl zxcvbnm yxcvbnm
qazwsxedc qweasdzxc admin administrator root toor superuser sysadmin operator database postgres
postgresql changeme changemenow changeit default secret topsecret supersecret verysecret trustno
monkey dragon football baseball basketball sunshine princess superman batman starwars master
mustang shadow michael jennifer jordan charlie ashley summer winter spring autumn january
december company business assent gateway test testing tester guest login access security temp
temporary abc abcd abcdef abcdefg abcdefgh hello whatever freedom internet computer samsung
google facebook linkedin microsoft windows liverpool chelsea arsenal barcelona
correcthorsebatterystaple
"""
_STEMS = frozenset(_WORDS.split())
_LIKENESS = str.maketrans("013457@$!", "oleastasi")
_RUNS = (
    "0123456789" * 3,
    "9876543210" * 3,
    "abcdefghijklmnopqrstuvwxyz",
    "zyxwvutsrqponmlkjihgfedcba",
    "qwertyuiopasdfghjklzxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
)


def check_password(password: Secret[str], name: str) -> None:
    """Raise ConflictFault `weak-password`, which says why, where it is not good enough."""
    if words := _weakness(password.reveal(), name):
        raise ConflictFault("weak-password", words)


def _weakness(password: str, name: str) -> str:
    lowered = password.lower()
    if len(password) < SHORTEST:
        return f"a password has at least {SHORTEST} characters; four or five words are a good one"
    if len(password) > LONGEST:
        return f"a password has at most {LONGEST} characters"
    if len(set(lowered)) < 5 or any(lowered in run for run in _RUNS):
        return "this password repeats itself or counts; take one that does not"
    if len(name) >= 3 and name.lower() in lowered:
        return "a password must not contain one's name"
    if _is_common(lowered):
        return "this password is among the first that are tried; take another"
    return ""


def _is_common(password: str) -> bool:
    """Return whether it is up to three common words, with digits and signs around and between."""
    core = re.sub(r"^[^a-z]+|[^a-z]+$", "", password)
    texts = (re.sub(r"[^a-z]", "", text) for text in (password, core.translate(_LIKENESS)))
    return any(text in _STEMS or (text and _of_stems(text, 3)) for text in texts)


def _of_stems(text: str, most: int) -> bool:
    if not text:
        return True
    return most > 0 and any(
        _of_stems(text.removeprefix(stem), most - 1) for stem in _STEMS if text.startswith(stem)
    )
