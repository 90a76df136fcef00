"""Writes about messages that are held and compared: what was found, and that it is to be looked at again."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from integrations.compared import Compared
from integrations.models import Comparison, Delivery


@transaction.atomic
def note_comparison(delivery: Delivery, found: Sequence[Compared]) -> Comparison:
    """Keep what a held message was found to be beside its receiver's words; the newest finding stays."""
    row, _created = Comparison.objects.update_or_create(
        delivery=delivery,
        defaults={
            "at": timezone.now(),
            "fits": all(one.is_same is not False for one in found),
            "found": [one.plain() for one in found],
        },
    )
    return row


@transaction.atomic
def ask_comparison(delivery: Delivery) -> None:
    """Let a held message be compared again with the next wake-up."""
    Comparison.objects.filter(delivery=delivery).delete()
