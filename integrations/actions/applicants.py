"""Who asked to become a customer and did not: forgotten in time, in every table that named the person."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.fields import CharField
from django.db.models.functions import Cast, Concat, Lower

from accounts.models import Registration, User
from accounts.registrations import RegistrationState
from core.models import Event
from integrations.models import Delivery, SentMail

ANSWERS = ("registration.known", "registration.repeated")


@transaction.atomic
def forget_registrations(before: datetime, *, most: int) -> int:
    """Delete what nobody confirmed and answers to known people, and take the person out of what was rejected, before then.

    What is still on its way by mail stays until that is settled and forgotten. Tells how many.
    """
    subject = Concat(Value("registration:"), Cast("pk", CharField()), output_field=CharField())
    on_its_way = Delivery.objects.filter(subject=OuterRef("subject"))
    rows = Registration.objects.annotate(subject=subject).filter(~Exists(on_its_way))
    over = rows.filter(state=RegistrationState.UNCONFIRMED, expires_at__lt=before)
    ended = rows.filter(state=RegistrationState.REJECTED, decided_at__lt=before).exclude(person_name="")
    told = Event.objects.filter(name__in=ANSWERS, recorded_at__lt=before, dispatched_at__isnull=False)
    told = told.filter(~Exists(Delivery.objects.filter(event=OuterRef("pk"))))

    gone = dict(_first(over, most).values_list("pk", "email"))
    emptied = dict(_first(ended, most).values_list("pk", "email"))
    answers = list(told.order_by("pk")[:most])
    _empty_mails(
        [*gone.values(), *emptied.values(), *(event.payload["person"]["email"] for event in answers)]
    )
    Event.objects.filter(subject__in=[f"registration:{pk}" for pk in gone]).delete()
    Event.objects.filter(pk__in=[event.pk for event in answers]).delete()
    Registration.objects.filter(pk__in=gone).delete()
    for pk in emptied:
        nobody = {"name": "", "email": _address(pk), "locale": "en"}
        for event in Event.objects.filter(subject=f"registration:{pk}", payload__has_key="person"):
            Event.objects.filter(pk=event.pk).update(payload={**event.payload, "person": nobody})
        Registration.objects.filter(pk=pk).update(person_name="", email=_address(pk), phone="", wish="")
    return len(gone) + len(emptied) + len(answers)


def _first(rows: QuerySet[Registration], most: int) -> QuerySet[Registration]:
    return rows.select_for_update(of=("self",), skip_locked=True).order_by("pk")[:most]


def _address(pk: int) -> str:
    return f"registration-{pk}@erased.invalid"


def _empty_mails(addresses: list[str]) -> None:
    """What was mailed to these addresses, unless somebody signs in with one by now."""
    known = User.objects.filter(email__iexact=OuterRef("to"))
    waiting = Registration.objects.filter(email__iexact=OuterRef("to")).filter(
        Q(state=RegistrationState.WAITING) | Q(state=RegistrationState.APPROVED)
    )
    rows = SentMail.objects.annotate(plain=Lower("to")).filter(plain__in={word.lower() for word in addresses})
    rows.filter(~Exists(known), ~Exists(waiting)).update(
        to=Concat(
            Value("mail-"), Cast(F("pk"), CharField()), Value("@erased.invalid"), output_field=CharField()
        ),
        subject="",
        text="",
        html="",
    )
