"""People and companies that wait to be let in."""

import pytest

from tests.factories.registrations import RegistrationFactory


@pytest.fixture
def asked(db):
    """A registration that waits."""
    return RegistrationFactory(company_name="Nordlicht GmbH", email="nora@nordlicht.example")
