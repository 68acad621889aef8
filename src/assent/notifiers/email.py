"""E-mail: plain text with a small HTML part, handed to the operator's mail server.

Each notice is a message of its own; those of one thread refer to each other, so that a mail
program shows them together.
"""

import asyncio
import ssl
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage

import aiosmtplib
import structlog

from assent.core.faults import OperatorFault, OutsideFault
from assent.core.notice import Notice
from assent.core.secret import Secret
from assent.core.subject import Subject
from assent.notifiers.address_book import Addresses
from assent.notifiers.mail import composed

_WITHIN_S = 8.0
_GOODBYE_S = 1.0
_MOST_AT_ONCE = 100

_log = structlog.get_logger("email")


@dataclass(frozen=True, slots=True)
class MailServer:
    """What mail is handed to. password: a reference, empty for none.

    tls: `starttls`, `implicit` or `off`. certificate_authority: a path, empty for those that the
    machine trusts.
    """

    host: str
    port: int
    tls: str = "starttls"
    username: str = ""
    password: str = ""
    certificate_authority: str = ""


class Email:
    """Sends notices by mail. others: who gets what is loud or for nobody in particular."""

    def __init__(
        self,
        name: str,
        server: MailServer,
        sender: str,
        others: Sequence[str],
        *,
        reveal: Callable[[str], Secret[str]],
        addresses: Addresses,
        within_s: float = _WITHIN_S,
    ) -> None:
        self._name = name
        self._server = server
        self._sender = sender
        self._others = tuple(others)
        self._reveal = reveal
        self._addresses = addresses
        self._within_s = within_s
        self._tls = None if server.tls == "off" else _trusted(server.certificate_authority)

    @property
    def name(self) -> str:
        """What the channel is called."""
        return self._name

    async def send(self, notice: Notice, to: Sequence[Subject], earlier: str) -> str:
        """Send the notice to those whose address is known; return the message's id.

        Empty where it is nobody's. Raises OutsideFault, OperatorFault.
        """
        recipients = self._recipients(notice, to)
        if not recipients:
            return ""
        message = composed(notice, self._sender, recipients, earlier)
        client = self._client()
        try:
            async with asyncio.timeout(self._within_s):
                await client.connect()
                await self._hand_over(client, message, recipients)
        except (aiosmtplib.SMTPException, OSError) as fault:
            # Without the cause: a server may repeat what it was told. TimeoutError is an OSError.
            client.close()
            raise self._fault(fault) from None
        except BaseException:
            client.close()  # Without a goodbye, which could take as long again.
            raise
        await self._part(client)
        return str(message["Message-ID"])

    async def _hand_over(
        self, client: aiosmtplib.SMTP, message: EmailMessage, recipients: Sequence[str]
    ) -> None:
        for start in range(0, len(recipients), _MOST_AT_ONCE):
            part = recipients[start : start + _MOST_AT_ONCE]
            refused, _ = await client.send_message(message, sender=self._sender, recipients=part)
            if refused:
                _log.warning("mail-refused-for-some", people=len(refused))

    async def _part(self, client: aiosmtplib.SMTP) -> None:
        """Say goodbye. The mail was taken: whatever goes wrong here, it is not sent again."""
        with suppress(aiosmtplib.SMTPException, OSError):
            await client.quit(timeout=min(_GOODBYE_S, self._within_s))
        client.close()

    def _recipients(self, notice: Notice, to: Sequence[Subject]) -> list[str]:
        known = (self._addresses(person, "email") for person in to)
        others = self._others if notice.loud or not notice.to else ()
        return _once((*(address for address in known if address), *others))

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        password = self._reveal(server.password).reveal() if server.password else None
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            # Its own name would be looked up, and that can take long.
            local_hostname=self._sender.rpartition("@")[2],
            timeout=self._within_s,
            use_tls=server.tls == "implicit",
            start_tls=server.tls == "starttls",
            tls_context=self._tls,
            username=server.username or None,
            password=password,
        )

    def _fault(self, fault: Exception) -> OperatorFault | OutsideFault:
        if isinstance(fault, aiosmtplib.SMTPRecipientsRefused):
            codes = [one.code for one in fault.recipients]
        else:
            codes = [fault.code] if isinstance(fault, aiosmtplib.SMTPResponseException) else []
        said = f" with {codes[0]}" if codes else ""
        if isinstance(fault, aiosmtplib.SMTPAuthenticationError) and codes[0] >= 500:
            words = f"the mail server refused `username` and `password` of `{self._name}`{said}"
            return OperatorFault("channel-refused", words)
        if codes and all(code >= 500 for code in codes):
            words = f"the mail server refused the message{said}; look at `{self._name}`"
            return OperatorFault("channel-refused", words)
        if isinstance(fault, TimeoutError):
            words = f"the mail server did not answer within {self._within_s:.0f} s"
            return OutsideFault("channel-away", words)
        if codes:
            return OutsideFault("channel-away", f"the mail server put the message off{said}")
        words = "the mail server cannot be reached, or not by a TLS that can be trusted"
        return OutsideFault("channel-away", words)


def _once(addresses: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(addresses))


def _trusted(authority: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority or None)
    except (OSError, ssl.SSLError) as fault:
        words = f"`{authority}` cannot be read as certificates in PEM"
        raise OperatorFault("certificate-authority", words) from fault
