"""E-mail over SMTP, by Django's mail."""

from __future__ import annotations

import smtplib

from django.core.mail import EmailMessage, get_connection

from ecobureau.web.messages.channels.base import Message, NotSent, secrets_of
from ecobureau.web.messages.channels.outbound import host_is_named
from ecobureau.web.messages.models import Channel


def send(channel: Channel, to: str, message: Message, timeout_s: float) -> None:
    """Send a mail.

    Raises:
        NotSent: the host is not named, does not answer, or refuses; refusals for good (5xx) are not tried again.
    """
    given = channel.settings
    host, port, safety = str(given.get("host", "")), int(given.get("port", 25)), given.get("safety", "starttls")
    if not (host_is_named(host) or host_is_named(host, port, "smtp")):
        raise NotSent("messages.host_not_named", again=False, host=host)
    link = get_connection(
        "django.core.mail.backends.smtp.EmailBackend",
        host=host,
        port=port,
        username=str(given.get("user", "")),
        password=secrets_of(channel).get("password", ""),
        use_tls=safety == "starttls",
        use_ssl=safety == "tls",
        timeout=timeout_s,
    )
    subject = " ".join(message.subject.split())
    mail = EmailMessage(subject, message.whole, str(given.get("sender", "")), [to], connection=link)
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, raw = next(iter(error.recipients.values()))
        raise NotSent("messages.mail_refused", again=code < 500, host=host, status=code, why=_text(raw)) from error
    except smtplib.SMTPResponseException as error:
        again = error.smtp_code < 500
        why = _text(error.smtp_error)
        raise NotSent("messages.mail_refused", again=again, host=host, status=error.smtp_code, why=why) from error
    except ValueError as error:
        raise NotSent("messages.bad_mail", again=False) from error
    except (OSError, smtplib.SMTPException) as error:
        why = (str(error) or type(error).__name__)[:120]
        raise NotSent("messages.no_answer", again=True, host=host, why=why) from error


def _text(raw: object) -> str:
    return (raw.decode(errors="replace") if isinstance(raw, bytes) else str(raw))[:120]
