"""Licences out of a real Tryton: contract, quarantine of what cannot be, and what was taken off the record."""

from datetime import date

import pytest

from accounts.models import Licence, LicenceKind
from core.models import Case
from integrations.running import run_flow

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("tryton"),
    pytest.mark.django_db,
    pytest.mark.req("ENT-05", "INT-48"),
]


def held():
    rows = Licence.objects.order_by("number").values_list("number", "system", "valid_until", "is_withdrawn")
    return list(rows)


def test_they_follow_the_erp_and_an_unknown_kind_waits_as_a_case(shop):
    LicenceKind.objects.create(code="ANCHOR", name="Installer of anchor rods")
    shop.act("show-licence", customer="C2000", kind="ANCHOR", number="ANK-1", until="2027-06-30")
    shop.act("show-licence", customer="C3000", kind="ANCHOR", number="ANK-2")
    shop.act("show-licence", customer="C3000", kind="GAS", number="GAS-1")
    try:
        first = run_flow("erp.licences", is_asked=True)

        assert (first.error, first.new, first.rejected) == ("", 2, 1)
        assert held() == [
            ("ANK-1", "erp", date(2027, 7, 1), False),
            ("ANK-2", "erp", None, False),
        ]
        case = Case.objects.get(kind="row_rejected")
        assert "GAS" in case.cause

        LicenceKind.objects.create(code="GAS", name="Handling of gas")
        shop.act("show-licence", customer="C2000", kind="ANCHOR", number="ANK-1", withdrawn=True)
        second = run_flow("erp.licences", is_asked=True)
        assert (second.new, second.changed, second.rejected) == (1, 1, 0)

        shop.act("show-licence", customer="C3000", kind="ANCHOR", number="ANK-2", gone=True)
        third = run_flow("erp.licences", is_asked=True)
        assert (third.error, third.removed) == ("", 1)
        assert [(number, withdrawn) for number, _s, _u, withdrawn in held()] == [
            ("ANK-1", True),
            ("ANK-2", True),
            ("GAS-1", False),
        ]
    finally:
        for customer, kind, number in (
            ("C2000", "ANCHOR", "ANK-1"),
            ("C3000", "ANCHOR", "ANK-2"),
            ("C3000", "GAS", "GAS-1"),
        ):
            shop.act("show-licence", customer=customer, kind=kind, number=number, gone=True)
