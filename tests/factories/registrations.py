"""Companies that ask to become customers."""

from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone

from accounts.actions.admission import Admission
from accounts.models import Registration
from accounts.registrations import RegistrationState

# Numbers whose check digits are right, of invented companies.
AT_NUMBER, DE_NUMBER, FOREIGN = "ATU62047136", "DE294718364", "US 12-3456789"

TYPED: dict[str, Any] = {
    "company_name": "Nordlicht Apparatebau GmbH",
    "country": "AT",
    "tax_id": AT_NUMBER,
    "street": "Hafenstraße 9",
    "postal_code": "4020",
    "city": "Linz",
    "person_name": "Nora Licht",
    "email": "nora@nordlicht.example",
    "phone": "+43 732 555090",
    "wish": "Screws M6 to M12, about 20,000 a year.",
}


class RegistrationFactory(factory.django.DjangoModelFactory):
    """One that waits for a decision, its address confirmed an hour ago."""

    class Meta:
        model = Registration

    company_name = factory.Sequence(lambda n: f"Applicant {n} GmbH")
    country = "AT"
    tax_id = AT_NUMBER
    street = "Hafenstraße 9"
    postal_code = "4020"
    city = "Linz"
    person_name = "Nora Licht"
    email = factory.Sequence(lambda n: f"nora{n}@nordlicht.example")
    state = RegistrationState.WAITING
    confirmed_at = factory.LazyFunction(lambda: timezone.now() - timedelta(hours=1))
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(hours=47))


PLAIN = Admission(currency="EUR")
