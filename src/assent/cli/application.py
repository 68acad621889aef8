"""The commands and where each of them lives; a command is imported when it is called."""

from importlib.metadata import version

from cyclopts import App, Group

_DAILY = Group("Reach something", sort_key=1)
_DECIDE = Group("Decide", sort_key=2)
_LOOK_BACK = Group("Look back", sort_key=3)
_RUN = Group("Run a server", sort_key=4)

# (name, where it lives, what it is for, group), in the order in which people meet them.
_COMMANDS = (
    ("login", "sign_in:login", "Sign in to a server.", _DAILY),
    ("logout", "sign_in:logout", "Sign out.", _DAILY),
    ("whoami", "sign_in:whoami", "Say who is signed in, and where.", _DAILY),
    ("step-up", "sign_in:step_up", "Confirm your password, where a policy asks for it.", _DAILY),
    ("targets", "access:targets", "List what you can reach, and how.", _DAILY),
    ("connect", "connect:connect", "Open a target: print how to connect, or start psql.", _DAILY),
    ("tunnel", "tunnel:tunnel", "Have a TCP target on a port of this machine.", _DAILY),
    ("ssh-config", "ssh_config:ssh_config", "Set up ssh, scp, rsync and git for targets.", _DAILY),
    ("ssh-certificate", "ssh_config:ssh_certificate", "Get a certificate: ssh calls it.", _DAILY),
    ("break-glass", "break_glass:break_glass", "Open a target at once, in an emergency.", _DAILY),
    (
        "credentials",
        "personal_credentials:app",
        "A password for the day: connecting with it asks for access.",
        _DAILY,
    ),
    ("tokens", "tokens:app", "Tokens for programs that act as you.", _DAILY),
    ("agents", "agents:app", "Agents that act for you, with no more than you have.", _DAILY),
    ("request", "access:request", "Ask for access to a target.", _DAILY),
    ("extend", "grants:extend", "Go on with what you have, without a cut.", _DAILY),
    ("give-back", "grants:give_back", "End your own access early.", _DAILY),
    ("reason", "access:reason", "Say why, for a request that waits for it.", _DAILY),
    ("withdraw", "access:withdraw", "Take a request back.", _DAILY),
    ("accept", "answers:accept", "Take what was offered for a request of yours.", _DAILY),
    ("plan", "plans:app", "Propose statements for later, assented to beforehand.", _DAILY),
    ("plans", "plans:plans", "See the plans that stand, and end them.", _DAILY),
    ("inbox", "inbox:inbox", "List what waits for your answer.", _DECIDE),
    ("show", "inbox:show", "Show one request in full.", _DECIDE),
    ("approve", "inbox:approve", "Assent to exactly this action.", _DECIDE),
    ("reject", "inbox:reject", "Refuse a request.", _DECIDE),
    ("offer", "answers:offer", "Answer with less: shorter, read-only, fewer tables.", _DECIDE),
    ("comment", "answers:comment", "Say something about a request.", _DECIDE),
    ("retract", "answers:retract", "Withdraw your own assent.", _DECIDE),
    (
        "device",
        "devices:app",
        "Enrol this device: it signs for you and counts as yours.",
        _DECIDE,
    ),
    ("devices", "devices:former", "The same as `device`.", _DECIDE),
    ("delegate", "delegations:delegate", "Let somebody answer in your place.", _DECIDE),
    ("delegations", "delegations:delegations", "List who answers in whose place.", _DECIDE),
    ("away", "delegations:away", "Be away: others are asked first.", _DECIDE),
    ("back", "delegations:back", "Be back.", _DECIDE),
    ("grants", "grants:grants", "List permissions and when they end.", _DECIDE),
    ("revoke", "grants:revoke", "End a grant now, with the sessions it carries.", _DECIDE),
    ("reviews", "reviews:reviews", "List what is to be reviewed after break-glass.", _DECIDE),
    ("review", "reviews:review", "Look at one use of break-glass, and close its review.", _DECIDE),
    ("labels", "labels:app", "Say what data is: scan for it, approve what was found.", _DECIDE),
    ("tools", "tools:tools", "List tools of agents, and which may be called.", _DECIDE),
    ("sessions", "sessions:app", "List sessions; `sessions show` plays one back.", _LOOK_BACK),
    ("search", "search:search", "Find what was done to what, by whom and when.", _LOOK_BACK),
    ("recordings", "recordings:app", "Check, play and export what was recorded.", _LOOK_BACK),
    ("explain", "explain:explain", "Say why a decision was what it was.", _LOOK_BACK),
    ("risk", "risk:app", "Say what a score consists of, and what is usual.", _LOOK_BACK),
    ("receipt", "audit_receipts:receipt", "Fetch the proof that the log holds it.", _LOOK_BACK),
    ("report", "report:report", "Make an evidence pack for auditors.", _LOOK_BACK),
    ("audit", "audit:app", "Export the log, and prove that it is whole.", _LOOK_BACK),
    ("witness", "witness:app", "Witness other logs: sign that they only grew.", _RUN),
    ("service-accounts", "service_accounts:app", "Accounts of pipelines and services.", _RUN),
    ("ssh", "ssh:app", "What servers that speak SSH must trust.", _RUN),
    ("serve", "serve:serve", "Run the gateway, the API and the inbox.", _RUN),
    ("demo", "demo:demo", "Play the story on a real PostgreSQL, then stay up.", _RUN),
    ("policy", "policy:app", "Check policies, try them on cases, and compare them.", _RUN),
    ("apply", "apply:apply", "Change policies and targets, with the assent it needs.", _RUN),
    ("doctor", "doctor:doctor", "Say how the server is, and what to do about it.", _RUN),
    ("people", "people:app", "See who there is; invite, change and disable people.", _RUN),
    ("scim", "scim:app", "Let an identity provider put people and groups here.", _RUN),
    ("notices", "notices:app", "See what could not be delivered, and try it again.", _RUN),
    ("config", "config:app", "Check a configuration, or hash a password for it.", _RUN),
    ("completion", "completion:completion", "Print completion for a shell.", _RUN),
)


def build() -> App:
    """Return the application; nothing but the command that is called is imported."""
    app = App(
        name="assent",
        help="A just-in-time access gateway: every action decided when it is attempted.",
        version=lambda: version("assent"),
        help_format="plaintext",
        # Ctrl-C has an exit code of its own, see `__main__`.
        group_commands=Group("Options", sort_key=9),
        suppress_keyboard_interrupt=False,
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
    )
    for index, (name, place, text, group) in enumerate(_COMMANDS):
        app.command(f"assent.cli.{place}", name=name, help=text, group=group, sort_key=index)
    return app


def command_names() -> tuple[str, ...]:
    """Return the names of all commands, in order."""
    return tuple(name for name, *_ in _COMMANDS)
