"""What the catalogue's tests share."""

import pytest

from accounts.scope import Scope


@pytest.fixture
def scope():
    """Somebody who acts for a company; the catalogue asks for no more."""
    return Scope(user_id=1, company_id=1, company_number="C1000", company_ids=frozenset({1}))
