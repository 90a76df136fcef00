"""A crowd at scale, by set-based SQL: companies in five levels, their people with mixed rights, and their documents."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, cast

from django.apps import apps
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import Max, Model
from psycopg import sql
from psycopg.types.json import Jsonb

from accounts.models import Company, User
from catalog.models import Product
from orders.models import Invoice
from quotes.models import Quote
from tests.factories.accounts import AddressFactory, CompanyFactory
from tests.factories.orders import open_warehouse

CHAIN = 5
# So few documents are written beside whatever is there already.
FEW = 100_000
FAMILY = 100
# What the n-th person of a company is: each has one of the first ones, the others buy.
ROLES = ("administrator", "approver", "finance", "requester", "buyer")
PRODUCTS = 200
DOCUMENTS = (
    "orders.Order",
    "orders.Invoice",
    "orders.Orderer",
    "orders.OrderLine",
    "quotes.Quote",
    "quotes.QuoteRevision",
)


@dataclass(frozen=True)
class Crowd:
    """What is furnished, by numbers from 1.

    companies: the first is a headquarters with `wide` branches below it; then five in a chain, which ordered
    little and long ago; then families of a hundred in five levels. people: in every company alike, see ROLES;
    the fifth of each includes the branches. documents: half orders, four tenths invoices, a tenth quotes; the
    first companies have the most of them.
    """

    companies: int = 5000
    wide: int = 1000
    people: int = 50_000
    documents: int = 1_000_000
    first_company: int = 0
    first_person: int = 0

    @property
    def each(self) -> int:
        """How many people a company has."""
        return self.people // self.companies

    @property
    def orders(self) -> int:
        """How many of the documents are orders."""
        return self.documents // 2

    def company(self, number: int) -> Company:
        """The company of a number."""
        return Company.objects.get(pk=self.first_company + number)

    def person(self, company: int, nth: int) -> User:
        """The nth person of a company, from 0."""
        return User.objects.get(pk=self.first_person + company + nth * self.companies)

    @property
    def chain(self) -> int:
        """The topmost of the chain."""
        return self.wide + 2

    @property
    def families(self) -> int:
        """The topmost of the first family."""
        return self.wide + 2 + CHAIN


def furnish_crowd(wanted: Crowd) -> Crowd:
    """Fill the tables with what is wanted; answers it with where its keys begin."""
    crowd = Crowd(
        **{
            **vars(wanted),
            "first_company": _last(Company),
            "first_person": _last(User),
        }
    )
    with as_loaded():
        _companies(crowd)
        _people(crowd)
        with without_indexes(*DOCUMENTS) if crowd.documents > FEW else nullcontext():
            _orders(crowd)
            _invoices(crowd)
            _quotes(crowd)
        _approvals(crowd)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return crowd


def _last(model: type[Model]) -> int:
    return int(model._default_manager.aggregate(last=Max("pk"))["last"] or 0)


@contextmanager
def as_loaded() -> Iterator[None]:
    """Write without triggers: neither history nor checks of keys, as a load of a copy does."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SELECT setseed(0.4)")
        yield
        cursor.execute("SET session_replication_role = DEFAULT")


@contextmanager
def without_indexes(*labels: str) -> Iterator[None]:
    """Take the indexes of tables that hold nothing yet away and make them anew afterwards, sorted."""
    tables = [apps.get_model(label)._meta.db_table for label in labels]
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT i.indexname, i.indexdef FROM pg_indexes AS i
               WHERE i.tablename = ANY(%s) AND NOT EXISTS (
                   SELECT 1 FROM pg_constraint AS c WHERE c.conname = i.indexname)""",
            [tables],
        )
        found = cursor.fetchall()
        for name, _definition in found:
            cursor.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        yield
        for _name, definition in found:
            cursor.execute(definition)


def insert(label: str, source: str, parameters: list[Any] | None = None, **columns: str) -> None:
    """INSERT ... SELECT of these columns from a source; every other column has the model's default, or nothing."""
    model = apps.get_model(label)
    given: dict[str, Any] = dict(columns)
    for field in model._meta.concrete_fields:
        if field.column in given or field.primary_key or field.null:
            continue
        default = field.get_default()
        kind = field.get_internal_type()
        if default is None and "Date" in kind:
            default = "2026-11-20T08:00:00Z"
        given[field.column] = sql.Literal(Jsonb(default) if kind == "JSONField" else default)
    statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(
        sql.Identifier(model._meta.db_table),
        sql.SQL(", ").join(map(sql.Identifier, given)),
        sql.SQL(", ").join(
            sql.SQL(cast(Any, value)) if isinstance(value, str) else value for value in given.values()
        ),
        sql.SQL(cast(Any, source)),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or [])
        if "id" in given:
            cursor.execute(
                sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), max(id)) FROM {}").format(
                    sql.Literal(model._meta.db_table), sql.Identifier(model._meta.db_table)
                )
            )


def _companies(crowd: Crowd) -> None:
    start = crowd.families
    insert(
        "accounts.Company",
        f"""(SELECT n, (n - {start}) %% {FAMILY} AS p, n - (n - {start}) %% {FAMILY} AS top
             FROM generate_series(1, {crowd.companies}) AS n) AS made""",  # noqa: S608 -- numbers
        id=f"{crowd.first_company} + n",
        parent_id=f"""{crowd.first_company} + CASE
            WHEN n = 1 OR n = {crowd.chain} THEN NULL
            WHEN n <= {crowd.wide} + 1 THEN 1
            WHEN n < {start} THEN n - 1
            WHEN p = 0 THEN NULL
            WHEN p <= 3 THEN top
            WHEN p <= 12 THEN top + 1 + (p - 4) / 3
            WHEN p <= 39 THEN top + 4 + (p - 13) / 3
            ELSE top + 13 + (p - 40) %% 27 END""",
        number="'G' || lpad(n::text, 6, '0')",
        name="'Company ' || n",
        status="'active'",
        currency="'EUR'",
        as_of="now()",
    )


def _people(crowd: Crowd) -> None:
    insert(
        "accounts.User",
        f"generate_series(1, {crowd.people}) AS n",
        id=f"{crowd.first_person} + n",
        email="'person' || n || '@crowd.example'",
        name="'Person ' || n",
        password="'!'",  # noqa: S106 -- nobody signs in with it
    )
    nth = f"(n - 1) / {crowd.companies}"
    insert(
        "accounts.Membership",
        f"generate_series(1, {crowd.people}) AS n",
        user_id=f"{crowd.first_person} + n",
        company_id=f"{crowd.first_company} + 1 + (n - 1) %% {crowd.companies}",
        roles=f"ARRAY[(%s::varchar[])[1 + least({nth}, {len(ROLES) - 1})]]",
        includes_branches=f"{nth} = 4",
        parameters=[list(ROLES)],
    )
    insert(  # every twentieth belongs to the next company, too
        "accounts.Membership",
        f"generate_series(20, {crowd.people}, 20) AS n",
        user_id=f"{crowd.first_person} + n",
        company_id=f"{crowd.first_company} + 1 + n %% {crowd.companies}",
        roles="ARRAY['buyer']",
    )
    lent = Permission.objects.get(codename="see_orders", content_type__app_label="accounts").pk
    insert(
        "accounts.CompanyUserPermission",
        f"generate_series(1, {crowd.people // 50}) AS n",
        permission_id=str(lent),
        user_id=f"{crowd.first_person} + n * 50",
        content_object_id=f"{crowd.first_company} + 1 + (n * 7) %% {crowd.companies}",
        valid_until="now() + interval '1 day'",
    )


def join_many(crowd: Crowd, user: User, companies: int) -> None:
    """Make somebody a buyer of the first companies, but of those where he or she is one already."""
    insert(
        "accounts.Membership",
        f"""generate_series(1, {companies}) AS n WHERE NOT EXISTS (
            SELECT 1 FROM accounts_membership WHERE user_id = {user.pk}
            AND company_id = {crowd.first_company} + n)""",  # noqa: S608 -- numbers
        user_id=str(user.pk),
        company_id=f"{crowd.first_company} + n",
        roles="ARRAY['buyer']",
    )


def _drawn(crowd: Crowd, documents: int) -> str:
    """Rows of documents: their number i, their company n, a chance r, and whether they are of late."""
    chain = (
        f"WHEN i <= 150 THEN {crowd.chain} + i %% {CHAIN}"
        if crowd.companies > crowd.families
        else "WHEN false THEN 1"
    )
    return f"""(SELECT drawn.*, {crowd.first_person} + n + {crowd.companies} * (3 + floor(s * {crowd.each - 3})::int)
        AS person FROM (SELECT i, random() AS r, random() AS s, i > {documents} * 0.95 AS late,
            CASE {chain} ELSE CASE WHEN spot > {crowd.wide} + 1 AND spot < {crowd.families}
                THEN 1 ELSE spot END END AS n
        FROM (SELECT i, 1 + floor({crowd.companies} * power(random(), 2))::int AS spot
              FROM generate_series(1, {documents}) AS i) AS spots) AS drawn) AS drawn"""  # noqa: S608 -- numbers


def _orders(crowd: Crowd) -> None:
    address = AddressFactory(company=CompanyFactory(number=f"CROWD-{crowd.first_company}"))
    insert(
        "orders.Order",
        _drawn(crowd, crowd.orders),
        number="'SO-B' || i",
        company_id=f"{crowd.first_company} + n",
        bill_to_company_id=f"{crowd.first_company} + CASE WHEN n <= {crowd.wide} + 1 AND n %% 10 = 0 THEN 1 ELSE n END",
        placed_by_id="person",
        placed_at=f"now() - ({crowd.orders} - i) * interval '1 minute'",
        origin="'cart'",
        origin_ref="'b' || i",
        status="""CASE WHEN late THEN CASE WHEN r < .4 THEN 'confirmed' WHEN r < .6 THEN 'received'
            WHEN r < .65 THEN 'pending_approval' WHEN r < .67 THEN 'on_hold' ELSE 'closed' END
            WHEN r < .001 THEN 'on_hold' WHEN r < .03 THEN 'cancelled' ELSE 'closed' END""",
        payment_status="CASE WHEN NOT late AND s > .01 THEN 'paid' WHEN r > .67 THEN 'open' ELSE 'none' END",
        delivery_status="CASE WHEN r > .67 THEN 'shipped' WHEN s < .001 THEN 'exception' ELSE 'none' END",
        currency="'EUR'",
        net_amount="100 + i %% 900",
        tax_amount="20",
        gross_amount="120 + i %% 900",
        po_number="'PO ' || (i::bigint * 7919) %% 1000003",
        erp_number="'E' || i",
        erp_id="'e' || i",
        ship_to="'{}'",
        bill_to="'{}'",
        ship_to_address_id=str(address.pk),
        bill_to_address_id=str(address.pk),
        warehouse_id=str(open_warehouse().pk),
    )
    products = Product.objects.bulk_create(
        Product(sku=f"CROWD-{nth}", sku_key=f"CROWD{nth}", erp_name=f"Part {nth}") for nth in range(PRODUCTS)
    )
    insert(
        "orders.OrderLine",
        "orders_order AS o WHERE o.id %% 5 = 0 AND o.origin_ref LIKE 'b%%'",
        order_id="o.id",
        position="1",
        product_id=f"{products[0].pk} + o.id %% {PRODUCTS}",
        sku=f"'CROWD-' || o.id %% {PRODUCTS}",
        name="'Part'",
        unit_code="'C62'",
        numerator="1",
        ordered="1",
        unit_price="100",
        net_amount="100",
        tax_percent="20",
    )


def _invoices(crowd: Crowd) -> None:
    wanted = crowd.documents * 4 // 10
    first = _last(Invoice)
    insert(
        "orders.Invoice",
        f"""(SELECT o.*, row_number() OVER (ORDER BY o.id) AS i FROM orders_order AS o
             WHERE o.origin_ref LIKE 'b%%') AS o WHERE i <= {wanted}""",  # noqa: S608 -- numbers
        id=f"{first} + i",
        company_id="bill_to_company_id",
        kind="CASE WHEN i %% 50 = 0 THEN 'credit_note' ELSE 'invoice' END",
        number="'IV-B' || i",
        erp_id="'i' || o.id",
        currency="'EUR'",
        net_amount="net_amount",
        tax_amount="tax_amount",
        gross_amount="gross_amount",
        open_amount=f"""CASE WHEN i > {wanted} * 0.97 OR i %% 500 = 0
            THEN gross_amount * CASE WHEN i %% 50 = 0 THEN -1 ELSE 1 END ELSE 0 END""",
        status="'open'",
        issued_on="placed_at::date",
        due_on="placed_at::date + 30",
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO orders_invoice_orders (invoice_id, order_id) "
            "SELECT v.id, substr(v.erp_id, 2)::bigint FROM orders_invoice AS v WHERE v.number LIKE 'IV-B%'"
        )
    insert(
        "orders.Orderer",
        """orders_invoice AS v JOIN orders_invoice_orders AS l ON l.invoice_id = v.id
           JOIN orders_order AS o ON o.id = l.order_id WHERE o.company_id <> v.company_id""",
        invoice_id="v.id",
        company_id="o.company_id",
        billed_to_id="v.company_id",
        issued_on="v.issued_on",
    )


def _quotes(crowd: Crowd) -> None:
    wanted = crowd.documents // 10
    first = _last(Quote)
    insert(
        "quotes.Quote",
        _drawn(crowd, wanted),
        id=f"{first} + i",
        number="'Q-B' || i",
        company_id=f"{crowd.first_company} + n",
        owner_id="person",
        contact_id="person",
        status="CASE WHEN late AND r < .3 THEN 'sent' WHEN r < .5 THEN 'accepted' ELSE 'declined' END",
        currency="'EUR'",
        revision="1",
        sent_revision="1",
    )
    insert(
        "quotes.QuoteRevision",
        f"quotes_quote AS q WHERE q.id > {first}",
        quote_id="q.id",
        number="1",
        made_by_id="q.owner_id",
        net_amount="100",
        tax_amount="20",
        gross_amount="120",
        sent_at="now()",
        valid_until="current_date + 10",
    )


def _approvals(crowd: Crowd) -> None:
    insert(
        "orders.ApprovalRequest",
        "orders_order AS o WHERE o.status = 'pending_approval' AND o.origin_ref LIKE 'b%%'",
        order_id="o.id",
        round="1",
        unit_id="o.company_id",
        requester_id="o.placed_by_id",
        submitted_by_id="o.placed_by_id",
        state="'open'",
    )
    insert(
        "orders.ApprovalStep",
        "orders_approvalrequest AS q WHERE q.state = 'open'",
        request_id="q.id",
        stage="1",
        rule="'order_limit'",
        any_approver="true",
        state="'open'",
    )
