"""Customers from the ERP: placed in the tree, written once, bad ones refused alone."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from accounts.actions.erp import apply_credit, apply_customers, apply_payment_terms
from accounts.models import Address, Company, CreditAccount, PaymentTerm
from accounts.records import AddressRecord, CreditRecord, CustomerRecord, PaymentTermRecord
from core.actor import acting
from core.errors import NotOwner
from tests.factories.accounts import AS_OF, CompanyFactory, PaymentTermFactory
from tests.orders.test_ended_meanwhile import Running

pytestmark = pytest.mark.django_db


def customer(number, parent=None, **values):
    return CustomerRecord(
        number=number,
        name=values.pop("name", f"Customer {number}"),
        parent_number=parent,
        status=values.pop("status", "active"),
        currency="EUR",
        erp_id=f"erp-{number}",
        as_of=values.pop("as_of", AS_OF),
        **values,
    )


def address(erp_id, **values):
    return AddressRecord(erp_id=erp_id, city="Linz", is_ship_to=True, is_bill_to=False, **values)


@pytest.fixture
def rows_written(django_assert_num_queries):
    """How many INSERT, UPDATE or DELETE statements a block sends."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    class Written(CaptureQueriesContext):
        @property
        def writes(self):
            verbs = ("INSERT", "UPDATE", "DELETE", "COPY")
            return [q["sql"] for q in self.captured_queries if q["sql"].startswith(verbs)]

    return lambda: Written(connection)


@pytest.mark.req("ACC-01")
def test_a_branch_that_comes_before_its_parent_is_hung_below_it(erp):
    report = apply_customers([customer("B", "A"), customer("A")], by=erp)

    assert (report.new, report.changed, report.same, report.rejected) == (2, 0, 0, ())
    assert Company.objects.get(number="B").parent.number == "A"


@pytest.mark.req("ACC-02")
@pytest.mark.parametrize(
    ("records", "bad"),
    [
        ([customer("A", "A")], {"A"}),
        ([customer("A", "Nobody")], {"A"}),
        ([customer("A", "B"), customer("B", "C"), customer("C", "A")], {"A", "B", "C"}),
    ],
)
def test_what_has_no_place_in_the_tree_is_refused_alone(erp, records, bad):
    report = apply_customers([*records, customer("Good")], by=erp)

    assert {item.key for item in report.rejected} == bad
    assert all(item.field == "parent_number" and item.reason for item in report.rejected)
    assert list(Company.objects.values_list("number", flat=True)) == ["Good"]
    assert report.seen == len(records) + 1


@pytest.mark.req("ACC-02")
def test_a_change_that_would_close_a_circle_leaves_the_tree_as_it_was(erp):
    apply_customers([customer("A"), customer("B", "A")], by=erp)

    report = apply_customers([customer("A", "B")], by=erp)

    assert {item.key for item in report.rejected} == {"A"}
    assert Company.objects.get(number="A").parent is None


@pytest.mark.req("ACC-02")
def test_a_branch_of_a_refused_newcomer_waits_for_it_and_the_others_go_on(erp):
    PaymentTermFactory(code="net30")
    newcomer, branch = customer("New", payment_term_code="net45"), customer("Branch", "New")

    report = apply_customers([newcomer, branch, customer("Good")], by=erp)

    assert {item.key: item.field for item in report.rejected} == {
        "New": "payment_term_code",
        "Branch": "parent_number",
    }
    assert list(Company.objects.values_list("number", flat=True)) == ["Good"]


def test_an_address_moves_to_another_customer(erp):
    apply_customers([customer("A", addresses=(address("1"),)), customer("B")], by=erp)

    report = apply_customers([customer("B", addresses=(address("1", name="Gate 2"), address("1")))], by=erp)

    assert (report.changed, report.rejected) == (1, ())
    assert Address.objects.get().company.number == "B"


def test_an_empty_full_list_closes_nobody(erp):
    apply_customers([customer("A")], by=erp)

    assert apply_customers([], by=erp, is_full=True).removed == 0
    assert Company.objects.get().status == "active"


def test_the_second_run_changes_nothing_and_writes_nothing(erp, rows_written):
    records = [
        customer("A", addresses=(address("1"), address("2"))),
        customer("B", "A", addresses=(address("3"),)),
    ]
    apply_customers(records, by=erp)

    with rows_written() as queries:
        report = apply_customers(records, by=erp)

    assert (report.new, report.changed, report.same) == (0, 0, 2)
    assert queries.writes == []


@pytest.mark.req("SEC-08")
def test_a_change_leaves_one_history_row_that_names_the_flow(erp):
    apply_customers([customer("A"), customer("B")], by=erp)

    with acting(erp):
        report = apply_customers([customer("A", name="New name"), customer("B")], by=erp)

    company = Company.objects.get(number="A")
    assert (report.changed, report.same) == (1, 1)
    change = company.history.first()
    assert (change.name, change.history_type, change.channel) == ("New name", "~", "flow:erp.test")
    assert change.correlation_id == erp.correlation_id
    assert company.history.count() == 2
    assert Company.objects.get(number="B").history.count() == 1


@pytest.mark.req("ACC-03")
def test_an_address_that_is_gone_is_kept_out_of_use(erp):
    apply_customers([customer("A", addresses=(address("1"), address("2")))], by=erp)

    report = apply_customers([customer("A", addresses=(address("2", name="Gate 2"),))], by=erp)

    assert report.changed == 1
    assert not Address.objects.get(erp_id="1").is_active
    assert Address.objects.get(erp_id="2").name == "Gate 2"


def test_older_news_does_not_overwrite_newer(erp):
    apply_customers([customer("A", name="Newer", as_of=AS_OF)], by=erp)

    report = apply_customers([customer("A", name="Older", as_of=AS_OF - timedelta(hours=1))], by=erp)

    assert (report.same, report.changed) == (1, 0)
    assert Company.objects.get(number="A").name == "Newer"


def test_a_full_run_closes_who_is_gone_and_deletes_nobody(erp):
    apply_customers([customer("A"), customer("B")], by=erp)

    report = apply_customers([customer("A")], by=erp, is_full=True)

    assert report.removed == 1
    assert Company.objects.get(number="B").status == "closed"


@pytest.mark.req("ACC-10", "INT-02")
def test_nobody_but_the_erp_writes_customers_terms_and_credit(anna, pim):
    before = Company.objects.values().get(pk=anna.company.pk)
    term = PaymentTermRecord(code="net90", name="90 days", net_days=90, erp_id="9")
    credit = CreditRecord(company_number="ACME", currency="EUR", used_amount=Decimal(0), as_of=AS_OF)

    for by in (anna.actor, pim):
        with pytest.raises(NotOwner):
            apply_customers([customer("ACME", name="Mine")], by=by)
        with pytest.raises(NotOwner):
            apply_payment_terms([term], by=by)
        with pytest.raises(NotOwner):
            apply_credit([credit], by=by)

    assert Company.objects.values().get(pk=anna.company.pk) == before
    assert not PaymentTerm.objects.filter(code="net90").exists()
    assert not CreditAccount.objects.exists()


def test_an_unknown_term_refuses_the_customer_by_name(erp):
    PaymentTermFactory(code="net30")

    report = apply_customers(
        [customer("A", payment_term_code="net45"), customer("B", payment_term_code="net30")], by=erp
    )

    assert [(item.key, item.field) for item in report.rejected] == [("A", "payment_term_code")]
    assert Company.objects.get(number="B").payment_term.code == "net30"


@pytest.mark.req("CRT-08")
def test_terms_are_taken_over_once_and_changed_when_they_change(erp, rows_written):
    record = PaymentTermRecord(code="net30", name="30 days", net_days=30, erp_id="1")

    assert apply_payment_terms([record], by=erp).new == 1
    with rows_written() as queries:
        assert apply_payment_terms([record], by=erp).same == 1
    assert queries.writes == []
    longer = record.model_copy(update={"net_days": 45})
    assert apply_payment_terms([longer], by=erp).changed == 1
    assert PaymentTerm.objects.get(code="net30").net_days == 45


@pytest.mark.req("CRT-09", "CRT-10")
def test_credit_follows_the_erp_and_never_goes_back_in_time(erp):
    CompanyFactory(number="A")
    first = CreditRecord(
        company_number="A", currency="EUR", limit_amount=Decimal(500), used_amount=Decimal(100), as_of=AS_OF
    )
    unknown = first.model_copy(update={"company_number": "Nobody"})

    report = apply_credit([first, unknown], by=erp)
    assert (report.new, len(report.rejected)) == (1, 1)

    later = first.model_copy(
        update={"used_amount": Decimal(300), "is_on_hold": True, "as_of": AS_OF + timedelta(hours=1)}
    )
    assert apply_credit([later], by=erp).changed == 1
    assert apply_credit([first], by=erp).changed == 0

    account = CreditAccount.objects.get()
    assert (account.used_amount, account.is_on_hold) == (Decimal(300), True)


def test_the_number_of_statements_does_not_grow_with_the_customers(erp, rows_written):
    def run(count):
        records = [customer(f"S{count}-{n}", addresses=(address(f"{count}-{n}"),)) for n in range(count)]
        with rows_written() as queries:
            apply_customers(records, by=erp)
        return len(queries)

    assert run(3) == run(60)


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("ACC-10")
def test_customers_are_locked_by_their_keys_as_everybody_does_who_locks_two(erp):
    first, second = CompanyFactory(number="C-2"), CompanyFactory(number="C-1")

    with transaction.atomic():
        Company.objects.select_for_update(no_key=True).get(pk=first.pk)
        feed = Running(lambda: apply_customers([customer("C-3")], by=erp))
        assert feed.waits()
        Company.objects.select_for_update(no_key=True, nowait=True).get(pk=second.pk)

    assert feed.done().new == 1
