"""Ids that were renamed, merged or split still resolve, and a message with an old one lands where it belongs."""

import psycopg
import pytest
from django.utils import timezone

from accounts.models import Company
from catalog.models import Product
from core.errors import InvalidValue, NotFound
from core.models import Case
from integrations import inbox
from integrations.actions.identifiers import (
    Known,
    keep_identifiers,
    merge_identifiers,
    rename_identifier,
    split_identifier,
)
from integrations.batches import Batch
from integrations.identifiers import all_external_id_of, all_key_now, all_key_of, all_renamed, all_resolved
from integrations.models import Identifier, IdentifierChange, InboxMessage
from integrations.repairs import repair_case, repairs_for
from integrations.running import run_flow
from integrations.systems import flow_actor
from orders.models import Invoice
from tests.databases import cluster_of_tests
from tests.factories.catalog import ProductFactory
from tests.integrations.conftest import Tryton
from tests.integrations.test_flows import portal, run_all  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
OLD = Known("erp", "customer", "ACME")


@pytest.fixture
def known(acme):
    keep_identifiers("erp", "customer", [("7", "ACME"), ("8", "NORD")])


@pytest.mark.req("INT-09", "INT-08")
def test_a_renamed_customer_keeps_its_row_and_its_old_names_still_lead_to_it(known, acme, otto):
    rename_identifier(OLD, "ACME-NEW", reason="New numbers.", by=otto.actor)
    rename_identifier(Known("erp", "customer", "ACME-NEW"), "K-1", reason="Again.", by=otto.actor)

    acme.refresh_from_db()
    assert acme.number == "K-1"
    assert all_key_of("erp", "customer", "7") == all_resolved("erp", "customer", "7") == "K-1"
    assert all_external_id_of("erp", "customer", "K-1") == "7"
    assert [all_key_now("erp", "customer", name) for name in ("ACME", "ACME-NEW", "K-1", "NORD", "?")] == [
        "K-1",
        "K-1",
        "K-1",
        "NORD",
        "?",
    ]
    assert all_renamed("erp", "customer") == {"ACME": "K-1", "ACME-NEW": "K-1"}
    changes = IdentifierChange.objects.order_by("id").values_list("key", "became", "reason", "actor_label")
    assert list(changes) == [
        ("ACME", ["ACME-NEW"], "New numbers.", "Otto"),
        ("ACME-NEW", ["K-1"], "Again.", "Otto"),
    ]


@pytest.mark.req("INT-09")
def test_a_name_that_comes_back_ends_there_and_does_not_go_round(known, otto):
    rename_identifier(OLD, "B", reason="x", by=otto.actor)
    rename_identifier(Known("erp", "customer", "B"), "ACME", reason="x", by=otto.actor)

    assert all_key_now("erp", "customer", "ACME") == all_key_now("erp", "customer", "B") == "ACME"


@pytest.mark.req("INT-09")
def test_what_names_a_merged_customer_lands_on_the_other(known, acme, otto):
    merge_identifiers(OLD, "NORD", reason="Bought.", by=otto.actor)

    assert all_resolved("erp", "customer", "7") == all_resolved("erp", "customer", "8") == "NORD"
    assert all_key_now("erp", "customer", "ACME") == "NORD"
    acme.refresh_from_db()
    assert acme.number == "ACME"


@pytest.mark.req("INT-09", "INT-08")
def test_what_names_a_split_customer_waits_for_a_person_who_is_told_the_candidates(known, otto):
    split_identifier(OLD, ["ACME-N", "ACME-S"], reason="Two firms.", by=otto.actor)

    for ask in (lambda: all_resolved("erp", "customer", "7"), lambda: all_key_now("erp", "customer", "ACME")):
        with pytest.raises(InvalidValue, match="ACME-N, ACME-S"):
            ask()
    assert all_renamed("erp", "customer") == {}


@pytest.mark.req("INT-07", "INT-09")
def test_a_change_that_cannot_be_is_refused_and_nothing_is_written(known, otto):
    for change in (
        lambda: rename_identifier(OLD, "NORD", reason="x", by=otto.actor),
        lambda: rename_identifier(OLD, "X", reason=" ", by=otto.actor),
        lambda: merge_identifiers(OLD, "ACME", reason="x", by=otto.actor),
        lambda: split_identifier(OLD, ["A", "A"], reason="x", by=otto.actor),
    ):
        with pytest.raises(InvalidValue):
            change()
    with pytest.raises(NotFound):
        rename_identifier(Known("erp", "customer", "?"), "X", reason="x", by=otto.actor)

    assert not IdentifierChange.objects.exists()
    assert Identifier.objects.count() == 2
    assert Company.objects.filter(number="ACME").exists()


@pytest.mark.req("INT-09")
def test_a_renamed_product_is_found_by_its_new_number(otto):
    product = ProductFactory(sku="BOLT-1")
    keep_identifiers("erp", "product", [("7", "BOLT-1")])

    rename_identifier(Known("erp", "product", "BOLT-1"), "BOLT-2", reason="x", by=otto.actor)

    assert Product.objects.get(sku="BOLT-2").pk == product.pk
    assert Product.objects.get().sku_key == "BOLT2"


@pytest.mark.slow
@pytest.mark.xdist_group("tryton")
@pytest.mark.req("INT-07", "INT-09")
def test_a_customer_renamed_in_the_erp_is_repaired_and_its_old_messages_land_on_it(portal, otto):  # noqa: F811
    run_all(["erp.terms", "erp.customers"])
    company = Company.objects.get(number="C3000")
    number_anew(portal, "C3000", "K3000")
    try:
        refused = run_flow("erp.customers", is_asked=True, is_full=True)
        case = Case.objects.get(kind="row_rejected")
        offered = [repair.key for repair in repairs_for(case)]
        repair_case(case, "rename", reason="They number anew.", by=otto.actor)
        again = run_flow("erp.customers", is_asked=True, is_full=True)
    finally:
        number_anew(portal, "K3000", "C3000")

    company.refresh_from_db()
    case.refresh_from_db()
    assert (refused.rejected, again.rejected, again.new) == (1, 0, 0)
    assert offered == ["rename", "merge", "run"]
    assert (company.number, company.status) == ("K3000", "active")
    assert case.state == "closed"
    assert land_invoice("C3000").company == company


def number_anew(erp: Tryton, old: str, new: str) -> None:
    """Give a customer another number in the ERP, whose staff may not: whoever moves its data does so in SQL."""
    with psycopg.connect(cluster_of_tests().ensure().url(erp.database), autocommit=True) as database:
        database.execute("UPDATE party_party SET code = %s, write_date = now() WHERE code = %s", [new, old])


def land_invoice(number: str) -> Invoice:
    """Take in an invoice of the ERP that names its customer so."""
    record = inbox.InvoiceRecord(
        erp_id="77",
        number="INV-77",
        kind="invoice",
        company_number=number,
        currency="EUR",
        net_amount="10",
        tax_amount="2",
        gross_amount="12",
        open_amount="12",
        status="open",
        issued_on="2026-11-20",
        version="1",
        as_of=timezone.now(),
        lines=(),
    )
    batch = Batch(as_of=timezone.now(), records=[record])
    inbox.taking("invoice")(batch, flow_actor("erp.invoices"), False)
    assert InboxMessage.objects.get().state == "applied"
    return Invoice.objects.get(number="INV-77")
