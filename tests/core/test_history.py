"""One true row of history per change, whoever writes and however."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import ProgrammingError, connection, transaction

from accounts.models import (
    Address,
    AddressProposal,
    Company,
    CompanyRole,
    CompanyUserPermission,
    ContactProposal,
    CreditAccount,
    Delegation,
    Licence,
    LicenceKind,
    Membership,
    PaymentTerm,
    Registration,
    Segment,
    SegmentLimit,
    SegmentMember,
    SignInConnection,
    SignInDomain,
    User,
)
from catalog.models import (
    Assortment,
    AssortmentAssignment,
    AssortmentRule,
    Product,
    ProductRestriction,
    Warehouse,
)
from core.actor import Actor, acting
from core.history import audited_models, plain_tables
from core.models import RowChange
from integrations.models import FlowSettings, SystemWindow
from orders.models import (
    ApprovalRule,
    Budget,
    CachedCredit,
    CheckoutPolicy,
    CostCentre,
    Invoice,
    Order,
    OrderLine,
    Payment,
    Shipment,
)
from pricing.models import ItemCost, PriceList, PriceListAssignment, PricePolicy, TaxRate
from quotes.models import Quote, QuotePolicy, QuoteRevision, Rfq
from tests.factories.accounts import (
    AddressFactory,
    CompanyFactory,
    CreditAccountFactory,
    MembershipFactory,
    PaymentTermFactory,
    UserFactory,
)
from tests.factories.approvals import BudgetFactory, CostCentreFactory, delegation_of, rule_of
from tests.factories.catalog import ProductFactory, WarehouseFactory
from tests.factories.orders import OrderFactory
from tests.factories.pricing import ItemCostFactory, PriceListFactory, TaxRateFactory
from tests.factories.registrations import RegistrationFactory

pytestmark = pytest.mark.django_db

BY = Actor("api", "Anna", on_behalf_of="ACME", correlation_id="c0ffee")
AS_OF = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)


def lent_right():
    right = Permission.objects.filter(content_type=ContentType.objects.get_for_model(Company)).first()
    return CompanyUserPermission.objects.create(
        content_object=CompanyFactory(), user=UserFactory(), permission=right, reason="x"
    )


def sign_in_connection():
    return SignInConnection.objects.create(
        company=CompanyFactory(), key="x", name="x", issuer="https://x.example", client_id="x"
    )


def quote_parts():
    company, person = CompanyFactory(), UserFactory()
    quote = Quote.objects.create(
        number="Q-1", company=company, contact=person, owner=person, currency="EUR", status="draft"
    )
    return QuoteRevision.objects.create(quote=quote, number=1, made_by=person)


def order_line():
    order, product = OrderFactory(), ProductFactory()
    return OrderLine.objects.create(
        order=order,
        position=1,
        product=product,
        sku=product.sku,
        ordered=1,
        unit_code="H87",
        numerator=1,
        unit_price=1,
        net_amount=1,
        tax_percent=20,
    )


def invoice():
    return Invoice.objects.create(
        company=CompanyFactory(), kind="invoice", number="INV-1", erp_id="1", currency="EUR", net_amount=100,
        tax_amount=20, gross_amount=120, open_amount=120, status="open", issued_on=TODAY, version="1",
        as_of=AS_OF,
    )  # fmt: skip


# How one row of each audited model comes about, and a column with another value for it.
ROWS = {
    AddressProposal: (
        lambda: AddressProposal.objects.create(
            company=CompanyFactory(), street="x", postal_code="1", city="L", country="AT", proposed_by=UserFactory()
        ),
        "name",
        "y",
    ),
    ContactProposal: (
        lambda: ContactProposal.objects.create(
            company=CompanyFactory(), changes={"phone": "1"}, proposed_by=UserFactory()
        ),
        "reason",
        "y",
    ),
    Assortment: (lambda: Assortment.objects.create(code="x", name="x"), "note", "y"),
    AssortmentAssignment: (
        lambda: AssortmentAssignment.objects.create(
            assortment=Assortment.objects.create(code="x", name="x"), company=CompanyFactory()
        ),
        "contract",
        "y",
    ),
    AssortmentRule: (
        lambda: AssortmentRule.objects.create(
            assortment=Assortment.objects.create(code="x", name="x"), product=ProductFactory()
        ),
        "effect",
        "exclude",
    ),
    Address: (AddressFactory, "city", "Graz"),
    ApprovalRule: (lambda: rule_of(CompanyFactory()), "name", "Other"),
    Budget: (lambda: BudgetFactory(company=CompanyFactory()), "amount", Decimal(5)),
    CostCentre: (lambda: CostCentreFactory(company=CompanyFactory()), "name", "Other"),
    Delegation: (lambda: delegation_of(CompanyFactory()), "reason", "longer"),
    LicenceKind: (lambda: LicenceKind.objects.create(code="x", name="x"), "name", "y"),
    Licence: (
        lambda: Licence.objects.create(
            company=CompanyFactory(), kind=LicenceKind.objects.create(code="x", name="x"), number="1"
        ),
        "is_withdrawn",
        True,
    ),
    ProductRestriction: (
        lambda: ProductRestriction.objects.create(
            kind="quantity", product=ProductFactory(), max_quantity=5, period="order"
        ),
        "max_quantity",
        Decimal(6),
    ),
    Registration: (RegistrationFactory, "city", "Graz"),
    Segment: (lambda: Segment.objects.create(kind="group", code="x", name="x"), "name", "y"),
    SegmentLimit: (
        lambda: SegmentLimit.objects.create(
            segment=Segment.objects.create(kind="group", code="x", name="x"), kind="stock", limit_seconds=60
        ),
        "limit_seconds",
        120,
    ),
    SegmentMember: (
        lambda: SegmentMember.objects.create(
            segment=Segment.objects.create(kind="group", code="x", name="x"), company=CompanyFactory()
        ),
        "company_id",
        lambda: CompanyFactory().pk,
    ),
    CachedCredit: (lambda: CachedCredit.objects.create(company=CompanyFactory(), amount=1, note="x"), "amount", 2),
    CheckoutPolicy: (lambda: CheckoutPolicy.objects.create(version=99, rules={}, note="x"), "note", "y"),
    Company: (CompanyFactory, "name", "Other"),
    CompanyRole: (lambda: CompanyRole.objects.create(company=CompanyFactory(), name="x"), "name", "y"),
    CompanyUserPermission: (lent_right, "reason", "longer"),
    CreditAccount: (CreditAccountFactory, "limit_amount", Decimal(5)),
    FlowSettings: (
        lambda: FlowSettings.objects.create(
            flow="erp.x", version=1, note="x", actor_label="x", channel="x", source="x", correlation_id="x"
        ),
        "note",
        "y",
    ),
    Invoice: (invoice, "open_amount", Decimal(7)),
    ItemCost: (ItemCostFactory, "cost_price", Decimal(9)),
    Membership: (MembershipFactory, "order_limit", Decimal(10)),
    Order: (OrderFactory, "po_number", "PO-2"),
    OrderLine: (order_line, "ordered", Decimal(2)),
    Payment: (
        lambda: Payment.objects.create(invoice=invoice(), erp_id="1", amount=5, paid_on=TODAY), "amount", Decimal(6)
    ),
    PaymentTerm: (PaymentTermFactory, "net_days", 60),
    PriceList: (lambda: PriceListFactory(company=False), "name", "Other"),
    PriceListAssignment: (
        lambda: PriceListAssignment.objects.create(price_list=PriceListFactory(company=False), company=CompanyFactory()),
        "priority",
        7,
    ),
    PricePolicy: (
        lambda: PricePolicy.objects.create(
            version=99, precedence=["list"], floor_margin_percent=5, active_from=AS_OF, note="x"
        ),
        "note",
        "y",
    ),
    Product: (ProductFactory, "name", "Other"),
    Quote: (lambda: quote_parts().quote, "status", "sent"),
    QuotePolicy: (lambda: QuotePolicy.objects.create(version=99, active_from=AS_OF), "note", "y"),
    QuoteRevision: (quote_parts, "message", "Hello"),
    Rfq: (
        lambda: Rfq.objects.create(
            number="R-1", company=CompanyFactory(), requested_by=UserFactory(), submitted_at=AS_OF, status="submitted",
            token=uuid4(), currency="EUR"
        ),
        "po_number",
        "PO-2",
    ),
    Shipment: (
        lambda: Shipment.objects.create(
            order=OrderFactory(), number="S-1", erp_id="1", status="planned", version="1", as_of=AS_OF
        ),
        "carrier",
        "Post",
    ),
    SignInConnection: (sign_in_connection, "name", "y"),
    SignInDomain: (
        lambda: SignInDomain.objects.create(connection=sign_in_connection(), domain="x.example"), "domain", "y.example"
    ),
    SystemWindow: (
        lambda: SystemWindow.objects.create(system="erp", kind="batch", starts=time(1), ends=time(2)), "note", "y"
    ),
    TaxRate: (TaxRateFactory, "percent", Decimal(10)),
    User: (UserFactory, "phone", "+43 1"),
    Warehouse: (WarehouseFactory, "name", "Other"),
}  # fmt: skip


def by_save(row, field, value):
    setattr(row, field, value)
    row.save(update_fields=[field])


def by_whole_save(row, field, value):
    setattr(row, field, value)
    row.save()


def by_update(row, field, value):
    type(row)._base_manager.filter(pk=row.pk).update(**{field: value})


def by_bulk_update(row, field, value):
    setattr(row, field, value)
    type(row)._base_manager.bulk_update([row], [field])


def by_sql(row, field, value):
    column = row._meta.get_field(field).column
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {row._meta.db_table} SET {column} = %s WHERE id = %s", [value, row.pk])  # noqa: S608


WAYS = [by_save, by_whole_save, by_update, by_bulk_update, by_sql]


def told(past):
    """What a row of history says of who did it."""
    return past.actor_label, past.on_behalf_of, past.channel, past.correlation_id, past.history_user_id


@pytest.mark.req("SEC-08")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("model", ROWS, ids=lambda model: model.__name__)
def test_every_way_to_write_leaves_one_true_row_and_none_for_what_stays(model, way, anna):
    make, field, value = ROWS[model]
    row = make()
    before = getattr(row, field)
    value = value() if callable(value) else value
    by = Actor("api", "Anna", user_id=anna.user.pk, on_behalf_of="ACME", correlation_id="c0ffee")
    kept = model.history.filter(id=row.pk)
    assert [past.history_type for past in kept] == ["+"]

    with acting(by):
        way(row, field, value)
        way(row, field, value)

    now, then = kept.all()
    assert (now.history_type, getattr(now, field), getattr(then, field)) == ("~", value, before)
    assert told(now) == ("Anna", "ACME", "api", "c0ffee", anna.user.pk)


@pytest.mark.req("SEC-08")
@pytest.mark.parametrize("model", ROWS, ids=lambda model: model.__name__)
def test_what_is_made_or_deleted_as_a_set_is_kept_with_all_its_values(model):
    make, field, _value = ROWS[model]
    row = make()
    row.refresh_from_db()
    before = getattr(row, field)

    with acting(BY):
        model._base_manager.filter(pk=row.pk)._raw_delete("default")
        model._base_manager.bulk_create([row])

    made, gone, _first = model.history.filter(id=row.pk)
    assert [(past.history_type, getattr(past, field)) for past in (made, gone)] == [
        ("+", before),
        ("-", before),
    ]
    assert told(made) == told(gone) == ("Anna", "ACME", "api", "c0ffee", None)


@pytest.mark.req("SEC-08")
def test_the_list_of_audited_models_is_the_list_of_this_test():
    assert {model.__name__ for model in audited_models()} == {model.__name__ for model in ROWS}


@pytest.mark.req("SEC-08")
def test_a_merge_of_many_rows_writes_those_that_differ_alone():
    rows = CompanyFactory.create_batch(20, name="Same")
    CompanyFactory.create_batch(1, name="Other")

    with acting(BY):
        Company.objects.update(name="Same")

    changed = Company.history.filter(history_type="~")
    assert changed.count() == 1
    assert all(row.history.count() == 1 for row in rows)


@pytest.mark.req("SEC-08")
def test_a_newer_reading_of_the_same_figures_is_no_change(acme):
    account = CreditAccountFactory(company=acme)

    CreditAccount.objects.filter(pk=account.pk).update(as_of=AS_OF + timedelta(hours=1))
    CreditAccount.objects.filter(pk=account.pk).update(as_of=AS_OF + timedelta(hours=2), used_amount=5)

    now, first = account.history.all()
    assert (now.used_amount, now.as_of) == (5, AS_OF + timedelta(hours=2))
    assert first.history_type == "+"


@pytest.mark.req("SEC-08")
def test_an_actor_of_a_block_that_was_taken_back_is_not_named_for_what_follows(acme):
    with transaction.atomic(), acting(Actor("admin", "Eve")):
        Company.objects.filter(pk=acme.pk).update(name="Mine")
        transaction.set_rollback(True)
    with acting(BY):
        Company.objects.filter(pk=acme.pk).update(name="Ours")

    assert [(past.name, past.actor_label) for past in acme.history.all()][0] == ("Ours", "Anna")
    assert acme.history.count() == 2


@pytest.mark.req("SEC-08")
def test_sql_by_hand_is_named_as_such(acme):
    with connection.connection.cursor() as psql:
        psql.execute("SELECT set_config('accord.actor', '', true)")
        psql.execute("UPDATE accounts_company SET name = 'By hand' WHERE id = %s", [acme.pk])
        psql.execute("SELECT session_user")
        (user,) = psql.fetchone()

    past = acme.history.first()
    assert (past.name, past.channel, past.actor_label) == ("By hand", "sql", user)


@pytest.mark.req("SEC-08")
@pytest.mark.django_db(transaction=True)
def test_a_write_outside_a_transaction_names_its_actor_and_leaves_no_name_behind():
    company = CompanyFactory()
    with acting(BY):
        Company.objects.filter(pk=company.pk).update(name="Alone")
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('accord.actor', true), '')")
        left = cursor.fetchone()[0]

    assert told(company.history.first())[0] == "Anna"
    assert left == ""


@pytest.mark.req("SEC-08", "SEC-12")
def test_who_comes_into_a_group_and_what_a_group_may_do_is_kept():
    user, group = UserFactory(), Group.objects.create(name="Auditors of a test")
    right = Permission.objects.first()
    last = max(RowChange.objects.values_list("pk", flat=True), default=0)

    with acting(BY):
        user.groups.add(group)
        group.permissions.add(right)
        user.groups.clear()

    rows = RowChange.objects.filter(pk__gt=last).order_by("pk")
    assert [(row.table_name, row.kind) for row in rows] == [
        ("accounts_user_groups", "+"),
        ("auth_group_permissions", "+"),
        ("accounts_user_groups", "-"),
    ]
    assert rows[2].before["user_id"] == user.pk
    assert {(row.actor_label, row.channel, row.correlation_id) for row in rows} == {("Anna", "api", "c0ffee")}


@pytest.mark.req("SEC-09")
@pytest.mark.parametrize("statement", ["UPDATE {} SET channel = 'x'", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["accounts_historicalcompany", "orders_historicalorder", "core_rowchange"])
def test_nobody_rewrites_the_past(table, statement, anna):
    OrderFactory()
    anna.user.groups.add(Group.objects.create(name="Any"))

    with (
        pytest.raises(ProgrammingError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as it,
    ):
        it.execute(statement.format(table))


FORGED = "UPDATE accounts_historicalcompany SET {} /* function core_erase_history( */"


@pytest.mark.req("SEC-09", "SEC-15")
@pytest.mark.parametrize(
    "statement",
    [
        # The call stack quotes the statement, so that naming the function there looks like being called by it.
        f"DO $do$ BEGIN EXECUTE $it${FORGED.format('tax_id = $v$ATU0$v$')}$it$; END $do$",
        f"DO $do$ BEGIN EXECUTE $it${FORGED.format('actor_label = $v$Eve$v$')}$it$; END $do$",
        """SELECT core_erase_history('accounts_historicalcompany', 'id', id, '{"tax_id": "ATU0"}') FROM accounts_company""",
        """SELECT core_erase_history('accounts_historicalcompany', 'id', id, '{"actor_label": "Eve"}') FROM accounts_company""",
    ],
)
def test_nobody_rewrites_the_past_by_the_way_in_which_names_are_erased(statement, acme):
    with (
        pytest.raises(ProgrammingError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as it,
    ):
        it.execute(statement)

    assert Company.history.get(number="ACME").tax_id == ""


@pytest.mark.req("SEC-09", "APR-11")
def test_no_kept_table_can_be_emptied_as_a_whole():
    guarded = {
        "core_auditentry",
        "core_auditseal",
        "core_rowchange",
        "orders_approvaldecision",
        "orders_budgetentry",
    }
    guarded |= {model.history.model._meta.db_table for model in audited_models()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgtype & 32 > 0 AND tgtype & 2 > 0"
        )
        there = {row[0] for row in cursor.fetchall()}

    assert guarded <= there


@pytest.mark.req("SEC-08")
def test_every_trigger_that_the_models_call_for_is_in_place():
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE '%\\_history\\_%'")
        there = {row[0] for row in cursor.fetchall()}

    for model in audited_models():
        table = model._meta.db_table
        assert {f"{table}_history_{kind}" for kind in ("insert", "update", "delete")} <= there
    assert {f"{table}_history_row" for table in plain_tables()} <= there
