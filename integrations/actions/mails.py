"""Writes about mails: each effect has a key, so that a repeat sends nothing (failure bank 29)."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from integrations.models import SentMail


@dataclass(frozen=True)
class Letter:
    """A mail ready to leave. key: which effect it is, the same for every repeat of it."""

    key: str
    to: str
    subject: str
    text: str
    html: str
    correlation_id: str


@transaction.atomic
def keep_letter(letter: Letter) -> SentMail:
    """Write a mail down before it leaves; a repeat finds it and whether it has left."""
    row, _created = SentMail.objects.get_or_create(
        key=letter.key,
        defaults={
            "to": letter.to,
            "subject": letter.subject,
            "text": letter.text,
            "html": letter.html,
            "correlation_id": letter.correlation_id,
        },
    )
    return row


@transaction.atomic
def note_sent(mail: SentMail, *, is_forgotten: bool = False) -> None:
    """The mail has left. is_forgotten: what it said is not kept, since its link lets somebody in."""
    words = {"text": "", "html": ""} if is_forgotten else {}
    SentMail.objects.filter(pk=mail.pk, sent_at=None).update(sent_at=timezone.now(), **words)
