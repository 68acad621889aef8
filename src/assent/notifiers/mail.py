"""A notice as a mail message. Nothing in it can end a header or become a tag."""

import re
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256

from jinja2 import Environment, select_autoescape

from assent.core.clock import isoformat
from assent.core.notice import Notice
from assent.notifiers import words

_MOST_SHOWN = 20
_LONGEST_SUBJECT = 200
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9_.-]{1,100}@[A-Za-z0-9.-]{1,253}>")
_HTML = Environment(autoescape=select_autoescape(default=True)).from_string("""\
<!doctype html>
<html lang="en"><body style="font-family: sans-serif; max-width: 40em">
<p><strong>{{ headline }}</strong></p>
{% if lines %}<ul>
{% for line in lines %}<li>{{ line }}</li>
{% endfor %}</ul>
{% endif %}{% if link %}<p><a href="{{ link }}">Open in Assent</a></p>
{% endif %}<p><small>{{ foot }}</small></p>
</body></html>
""")
_FOOT = "Nothing is answered by a reply: open the page and sign in."


def composed(
    notice: Notice, sender: str, recipients: Sequence[str], earlier: str = ""
) -> EmailMessage:
    """Return the message of a notice, the same however often it is sent.

    recipients: addresses that were checked; many of them are not shown to each other. earlier:
    the id of the last message of this thread.
    """
    domain = sender.rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["From"] = f"Assent <{sender}>"
    shown = len(recipients) <= _MOST_SHOWN
    message["To"] = ", ".join(recipients) if shown else "undisclosed-recipients:;"
    message["Subject"] = words.one_line(words.headline(notice), _LONGEST_SUBJECT)
    message["Date"] = notice.at
    message["Message-ID"] = _message_id(
        "notice", notice.id or notice.key or notice.headline, domain
    )
    if notice.thread:
        root = _message_id("thread", notice.thread, domain)
        known = [earlier] if _MESSAGE_ID.fullmatch(earlier) else []
        message["In-Reply-To"] = (known or [root])[0]
        message["References"] = " ".join([root, *known])
    if notice.loud:
        message["Importance"] = "high"
    # RFC 3834: so that nobody's "out of office" answers it.
    message["Auto-Submitted"] = "auto-generated"
    text, html = _parts(notice)
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message


def _parts(notice: Notice) -> tuple[str, str]:
    headline, lines, link = words.headline(notice), words.lines(notice), words.link(notice)
    said = [headline, "", *(f"- {line}" for line in lines), "", link, "", _FOOT]
    foot = f"{_FOOT} {isoformat(notice.at)[:19]}Z"
    html = _HTML.render(headline=headline, lines=lines, link=link, foot=foot)
    return "\n".join(said) + "\n", html


def _message_id(kind: str, what: str, domain: str) -> str:
    digest = sha256(what.encode("utf-8", "replace")).hexdigest()[:40]
    return f"<{kind}.{digest}@{domain}>"
