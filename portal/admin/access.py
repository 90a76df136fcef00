"""Who of the staff may open which address of the back office, and of which customers: the one table of all of them.

A model that is registered without a row here, or an own page that is not named here, fails the suite; `make crawl` holds
the product to it, role by role, at the own and at somebody else's customer; `manage.py rights` writes docs/rights.md
of it. What a role may is in accounts/staff.py. This table enforces nothing: it is what the pages are held against.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.contrib import admin
from django.urls import URLPattern

from accounts.staff import (
    ALL_CUSTOMERS,
    INTEGRATION_ADMIN,
    PARTNER,
    ROLES,
    SALES,
    SALES_MANAGER,
    permissions_of,
)


class Whose(StrEnum):
    """Whose rows of a model somebody meets."""

    OWN = "of the own customers"
    EVERY = "only for whoever meets every customer"
    HANDED = "those handed over to a salesperson, and all for whoever meets every customer"
    NOBODYS = "of no customer"


ADD, CHANGE, DELETE = "add", "change", "delete"
KEPT = frozenset({ADD, CHANGE, DELETE})


@dataclass(frozen=True)
class Rows:
    """The pages that every model has: list, page of a row, history, and the forms there are besides.

    forms: which of add, change and delete there is a form for; each asks for the permission of its name.
    """

    whose: Whose
    forms: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Page:
    """An own page. opens: a permission as app.codename, or roles of which one must be there; "" for all of the staff.

    posts: what writing needs besides. rows: the model whose row the address names, "" for none. asks: the same, named
    by the query `company`. methods: what it answers to. every: only for whoever meets every customer.
    """

    opens: str | tuple[str, ...] = ""
    rows: str = ""
    posts: str | tuple[str, ...] = ""
    asks: str = ""
    methods: tuple[str, ...] = ("GET",)
    every: bool = False

    def is_open(self, role: str, method: str = "GET") -> bool:
        """Whether a role may open it at all."""
        if self.every and role not in ALL_CUSTOMERS:
            return False
        return _has(role, self.opens) and (method != "POST" or _has(role, self.posts))


def _has(role: str, needed: str | tuple[str, ...]) -> bool:
    if isinstance(needed, tuple):
        return role in needed
    return not needed or (role in ROLES and needed in permissions_of(role))


def meets(role: str, whose: Whose, *, is_own: bool) -> bool:
    """Whether a role meets a row: of an own customer, or of somebody else's."""
    if whose is Whose.NOBODYS or role in ALL_CUSTOMERS:
        return True
    return is_own and role in {Whose.OWN: (SALES, PARTNER), Whose.HANDED: (SALES,)}.get(whose, ())


def may_do(role: str, label: str, verb: str) -> bool:
    """Whether a role may view, add, change or delete rows of a model, those it meets."""
    rows = ROWS[label]
    if rows.whose is Whose.EVERY and role not in ALL_CUSTOMERS:
        return False
    app, _dot, name = label.lower().partition(".")
    return (verb == "view" or verb in rows.forms) and _has(role, f"{app}.{verb}_{name}")


OWN, EVERY, NOBODYS = Rows(Whose.OWN), Rows(Whose.EVERY), Rows(Whose.NOBODYS)
KEPT_OWN, KEPT_NOBODYS = Rows(Whose.OWN, KEPT), Rows(Whose.NOBODYS, KEPT)
VERSIONS = Rows(Whose.NOBODYS, frozenset({ADD}))

ROWS: dict[str, Rows] = {
    "accounts.Company": OWN,
    "accounts.Segment": Rows(Whose.EVERY, frozenset({ADD, CHANGE})),
    "accounts.User": OWN,
    "accounts.Assistance": OWN,
    "accounts.Registration": Rows(Whose.HANDED),
    "accounts.SignInConnection": Rows(Whose.OWN, frozenset({ADD, CHANGE})),
    "accounts.SignInIdentity": Rows(Whose.OWN, frozenset({DELETE})),
    "accounts.PaymentTerm": NOBODYS,
    "accounts.LicenceKind": KEPT_NOBODYS,
    "accounts.Licence": KEPT_OWN,
    "auth.Group": KEPT_NOBODYS,
    "core.AuditEntry": EVERY,
    "core.RowChange": EVERY,
    "core.Event": EVERY,
    "core.Refusal": EVERY,
    "core.Conflict": EVERY,
    "core.Case": EVERY,
    "catalog.Product": NOBODYS,
    "catalog.Category": NOBODYS,
    "catalog.Warehouse": Rows(Whose.NOBODYS, frozenset({CHANGE})),
    "catalog.StockLevel": NOBODYS,
    "catalog.Allocation": EVERY,
    "catalog.Assortment": KEPT_OWN,
    "catalog.AssortmentRule": KEPT_OWN,
    "catalog.AssortmentAssignment": KEPT_OWN,
    "catalog.ProductRestriction": KEPT_OWN,
    "orders.Order": OWN,
    "orders.Shipment": OWN,
    "orders.Invoice": OWN,
    "orders.ApprovalRequest": OWN,
    "orders.ApprovalRule": OWN,
    "orders.Budget": OWN,
    "orders.CheckoutPolicy": VERSIONS,
    "orders.CachedCredit": KEPT_OWN,
    "pricing.PriceListAssignment": OWN,
    "pricing.PriceList": OWN,
    "pricing.PriceRow": OWN,
    "pricing.PriceRun": NOBODYS,
    "pricing.PricePolicy": NOBODYS,
    "pricing.ItemCost": NOBODYS,
    "pricing.TaxRate": NOBODYS,
    "quotes.Rfq": OWN,
    "quotes.Quote": OWN,
    "quotes.QuotePolicy": VERSIONS,
    "integrations.Process": EVERY,
    "integrations.Delivery": EVERY,
    "integrations.SystemWindow": Rows(Whose.NOBODYS, frozenset({ADD, CHANGE})),
    "integrations.FlowState": NOBODYS,
    "integrations.FlowRun": NOBODYS,
    "integrations.RejectedRow": EVERY,
    "integrations.InboxMessage": EVERY,
    "integrations.System": Rows(Whose.NOBODYS, frozenset({CHANGE})),
}

DESK, POST, BOTH = (SALES, SALES_MANAGER), ("POST",), ("GET", "POST")
GIVES_ROLES = "accounts.assign_staff_roles"


def _step(**more: object) -> Page:
    return Page(DESK, "quotes.Quote", methods=POST, **more)  # type: ignore[arg-type]


def _decide() -> Page:
    return Page("accounts.decide_registration", "accounts.Registration", methods=POST)


PAGES: dict[str, Page] = {
    "index": Page(),
    "app_list": Page(ROLES),
    "search": Page(),
    "autocomplete": Page(),
    "jsi18n": Page(),
    "accounts_company_tree": Page("accounts.view_company"),
    "accounts_company_duplicates": Page("accounts.change_membership", methods=BOTH, every=True),
    "accounts_company_acting": Page("accounts.add_assistance", "accounts.Company", methods=BOTH),
    "accounts_company_administrator": Page("accounts.decide_registration", "accounts.Company", methods=BOTH),
    "accounts_company_act_for": Page("accounts.add_assistance", "accounts.Company"),
    "accounts_registration_page": Page("accounts.view_registration", "accounts.Registration"),
    "accounts_registration_admit": _decide(),
    "accounts_registration_attach": _decide(),
    "accounts_registration_reject": _decide(),
    "accounts_registration_hand_over": _decide(),
    "accounts_registration_place": _decide(),
    "accounts_registration_ask_again": _decide(),
    "accounts_registration_send_again": _decide(),
    "accounts_user_managers": Page("accounts.change_membership", "accounts.User", methods=BOTH),
    "accounts_user_rights": Page("accounts.view_user", asks="accounts.Company"),
    "accounts_user_partners": Page((INTEGRATION_ADMIN,), methods=BOTH),
    "accounts_user_partner": Page((INTEGRATION_ADMIN,), "accounts.User", methods=BOTH),
    "accounts_user_roles": Page(GIVES_ROLES, "accounts.User", methods=BOTH),
    "accounts_user_personal": Page("accounts.erase_user", "accounts.User", methods=BOTH, every=True),
    "core_auditentry_cause": Page("core.view_auditentry", methods=("GET",), every=True),
    "core_auditentry_evidence": Page("core.export_evidence", methods=BOTH, every=True),
    "core_case_page": Page(
        "core.view_case", "core.Case", posts="core.change_case", methods=BOTH, every=True
    ),
    "catalog_assortment_explain": Page("catalog.view_assortment", asks="accounts.Company"),
    "pricing_explain": Page("pricing.view_pricelist", asks="accounts.Company"),
    "orders_order_page": Page("orders.view_order", "orders.Order"),
    "orders_order_reroute": Page("orders.change_approvalstep", "orders.Order", methods=POST),
    "orders_checkoutpolicy_page": Page("orders.view_checkoutpolicy", "orders.CheckoutPolicy"),
    "orders_checkoutpolicy_activate": Page(
        "orders.add_checkoutpolicy", "orders.CheckoutPolicy", methods=POST
    ),
    "orders_checkoutpolicy_restore": Page(
        "orders.add_checkoutpolicy", "orders.CheckoutPolicy", methods=POST
    ),
    "integrations_process_page": Page("integrations.view_process", "integrations.Process", every=True),
    "integrations_delivery_page": Page(
        "integrations.view_delivery",
        "integrations.Delivery",
        posts="integrations.change_delivery",
        methods=BOTH,
        every=True,
    ),
    "integrations_flow_page": Page(
        "integrations.view_flowstate", "integrations.FlowState", posts="integrations.change_flowstate",
        methods=BOTH,
    ),
    "integrations_playbook": Page("integrations.view_flowstate"),
    "quotes_rfq_page": Page(DESK, "quotes.Rfq"),
    "quotes_rfq_start": Page(DESK, "quotes.Rfq", methods=POST),
    "quotes_rfq_decline": Page(DESK, "quotes.Rfq", methods=POST),
    "quotes_quote_new": Page(DESK, asks="accounts.Company", methods=BOTH),
    "quotes_quote_page": Page(DESK, "quotes.Quote"),
    "quotes_quote_save": _step(),
    "quotes_quote_send": _step(),
    "quotes_quote_revise": _step(),
    "quotes_quote_back": _step(),
    "quotes_quote_withdraw": _step(),
    "quotes_quote_note": _step(),
    "quotes_quote_approval": Page(DESK, "quotes.Quote"),
    "quotes_quote_approve": _step(posts=(SALES_MANAGER,)),
    "quotes_quote_return": _step(posts=(SALES_MANAGER,)),
}  # fmt: skip
# The site's own that show nothing of ours: the way in and out, and the password.
BARE = frozenset({"login", "logout", "password_change", "password_change_done", "view_on_site"})
# The addresses that each registered model has.
OF_EVERY_MODEL = ("changelist", "add", "change", "delete", "history", "simple_history")


def own_pages() -> set[str]:
    """The names of all addresses of the back office beyond those that every model has."""
    names = {one.name for one in admin.site.urls[0] if isinstance(one, URLPattern) and one.name}
    for model, model_admin in admin.site._registry.items():
        usual = {f"{model._meta.app_label}_{model._meta.model_name}_{page}" for page in OF_EVERY_MODEL}
        names |= {one.name for one in model_admin.urls if isinstance(one, URLPattern) and one.name} - usual
    return names - BARE
