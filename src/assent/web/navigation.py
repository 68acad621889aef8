"""The pages there are, in one table: what the console's menu shows, and to whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from assent.control.sign_in import Caller
from assent.core.role import Permission


class Section(StrEnum):
    """A part of the menu, in the order of the menu."""

    WORK = "Work"
    LOOK = "Look"
    RULES = "Rules"
    PEOPLE = "People"
    SETTINGS = "Settings"


@dataclass(frozen=True, slots=True)
class Place:
    """One page of the menu.

    name: what a template calls itself: `{% set page = "inbox" %}`. icon: one of icons.html.
    permission: without it the page is not offered. key: after `g`, leads here; empty for none.
    """

    name: str
    path: str
    words: str
    section: Section
    permission: Permission
    icon: str
    key: str = ""


_ANSWER = Permission.ANSWER

# A page adds its line here, in the place where it stands in the menu.
PLACES: tuple[Place, ...] = (
    Place("inbox", "/", "Inbox", Section.WORK, Permission.ACCOUNT, "inbox", "i"),
    Place("ask", "/ask", "Ask", Section.WORK, Permission.ASK, "ask", "a"),
    Place("grants", "/grants", "Grants", Section.WORK, Permission.ACCOUNT, "grant", "g"),
    Place("reviews", "/reviews", "Reviews", Section.WORK, Permission.ACCOUNT, "review", "r"),
    Place("sessions", "/sessions", "Sessions", Section.WORK, Permission.ACCOUNT, "session", "e"),
    Place("standing-in", "/standing-in", "Standing in", Section.WORK, _ANSWER, "swap", "d"),
    Place("overview", "/overview", "Overview", Section.LOOK, Permission.ACCOUNT, "overview", "o"),
    Place("search", "/search", "Search", Section.LOOK, Permission.READ_ACCESS, "search", "s"),
    Place("log", "/log", "Log", Section.LOOK, Permission.ACCOUNT, "log", "l"),
    Place("status", "/status", "Status", Section.LOOK, Permission.READ_HEALTH, "pulse", "h"),
    Place("risk", "/risk", "Risk", Section.LOOK, Permission.READ_RISK, "risk", "k"),
    Place(
        "policies", "/policies", "Policies", Section.RULES, Permission.READ_POLICIES, "policy", "p"
    ),
    Place("targets", "/targets", "Targets", Section.RULES, Permission.ACCOUNT, "target", "t"),
    Place("labels", "/labels", "Labels", Section.RULES, Permission.ACCOUNT, "label", "b"),
    Place("people", "/people", "People", Section.PEOPLE, Permission.READ_PEOPLE, "people", "m"),
    Place("agents", "/agents", "Agents", Section.PEOPLE, Permission.ACCOUNT, "agent"),
    Place("devices", "/devices", "Devices", Section.PEOPLE, Permission.READ_PEOPLE, "device"),
    Place(
        "settings",
        "/settings",
        "Settings",
        Section.SETTINGS,
        Permission.READ_HEALTH,
        "settings",
        "n",
    ),
)
"""Keys are letters, each once; `/` leads to the search."""


@dataclass(frozen=True, slots=True)
class MenuSection:
    """One section with the pages in it that somebody may open; never empty."""

    words: str
    places: tuple[Place, ...]


def menu_of(caller: Caller) -> Sequence[MenuSection]:
    """Return the menu of one person: the pages that they may open, by section."""
    found = []
    for section in Section:
        places = tuple(
            place for place in PLACES if place.section is section and caller.may(place.permission)
        )
        if places:
            found.append(MenuSection(section.value, places))
    return found


def role_words(caller: Caller) -> str:
    """Return the roles of one person: `security, operator`, or `requester` for no other."""
    names = sorted(role.value for role in caller.roles if role.value != "requester")
    return ", ".join(names) or "requester"
