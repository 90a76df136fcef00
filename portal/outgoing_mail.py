"""The mails that this installation wrote into files instead of sending them: demo and development."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

# Django's file backend ends every message with this line.
END = b"\n" + b"-" * 79 + b"\n"


@dataclass(frozen=True)
class Mail:
    """One mail as its reader would see it. name: what it is called in its address here."""

    name: str
    to: str
    subject: str
    sent_at: datetime
    text: str
    html: str


def mails_in(folder: Path) -> list[Mail]:
    """Every mail in a folder, newest first; none when there is no folder."""
    found = [mail for file in sorted(folder.glob("*.log")) for mail in _mails_of(file)]
    return sorted(found, key=lambda mail: mail.sent_at, reverse=True)


def mail_called(folder: Path, name: str) -> Mail | None:
    """One mail by its name; None when there is none. The name is compared, never opened."""
    return next((mail for mail in mails_in(folder) if mail.name == name), None)


def _mails_of(file: Path) -> Iterator[Mail]:
    for position, raw in enumerate(file.read_bytes().split(END)):
        if raw.strip():
            message = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
            yield _mail(f"{file.stem}-{position}", message)


def _mail(name: str, message: EmailMessage) -> Mail:
    return Mail(
        name=name,
        to=str(message["To"]),
        subject=str(message["Subject"]),
        sent_at=parsedate_to_datetime(message["Date"]),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""
