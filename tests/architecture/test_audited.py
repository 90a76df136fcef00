"""Which models must have a history: all about money, rights, policies, companies, people, orders and quotes."""

import pytest
from django.apps import apps

from core.history import audited_models, by_hand, plain_tables

# Apps whose every model is about these; what needs none says why. A new model is named here or has a history.
APPS = {"accounts", "pricing", "orders", "quotes"}
NEEDS_NONE = {
    "accounts.Assistance": "says itself who acted for whom, why, from when and until when",
    "accounts.ForbiddenPair": "a copy of the table in accounts.staff, made after every migration",
    "accounts.Invitation": "says itself who invited, who came and when it was taken back",
    "accounts.SignInIdentity": "made and taken away as a whole, each told in the audit log",
    "pricing.PriceRow": "immutable versions that are never rewritten: each is its own history",
    "pricing.PriceRun": "the report of an import, written once",
    "orders.Cart": "a draft of its buyer; what is ordered of it is the order",
    "orders.CartLine": "a draft of its buyer; what is ordered of it is the order's lines",
    "orders.ApprovalRequest": "written once; how it ended is told by its decisions",
    "orders.ApprovalStep": "what its request asks for; what became of it is told by the decisions",
    "orders.ApprovalDecision": "rows that say who decided, kept by the database: a history themselves",
    "orders.BudgetEntry": "movements, kept by the database: a history themselves",
    "orders.OrderMove": "rows that say who moved an order: a history themselves",
    "orders.ShipmentLine": "the ERP's rows, written with their shipment",
    "orders.InvoiceLine": "the ERP's rows, written with their invoice",
    "orders.Orderer": "follows from the orders of an invoice, written with it",
    "accounts.FedLicence": "the rows of accounts.Licence, under the name of who owns them",
    "quotes.RfqLine": "written once with its request",
    "quotes.QuoteLine": "written anew as a whole until the revision is frozen, then never again",
    "quotes.QuoteApproval": "rows that say who decided: a history themselves",
    "quotes.QuoteMessage": "messages, written once",
}
ELSEWHERE = {"catalog.Product", "catalog.Warehouse", "integrations.FlowSettings", "integrations.SystemWindow"}
PAIRS = {"auth_group", "auth_group_permissions", "accounts_companygrouppermission", "accounts_user_groups"}


@pytest.mark.req("SEC-08")
def test_every_model_about_money_rights_and_documents_has_a_history_or_a_reason_for_none():
    audited = {model._meta.label for model in audited_models()}
    mine = {
        model._meta.label
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        if not model.__name__.startswith("Historical") and model._meta.db_table not in plain_tables()
    }

    assert sorted(mine - audited - NEEDS_NONE.keys()) == []
    assert sorted(NEEDS_NONE.keys() & audited) == []
    assert audited >= ELSEWHERE
    assert plain_tables() >= PAIRS


def test_only_the_merges_of_products_write_their_history_by_hand():
    from tests.architecture.test_borders import MODULES, ROOT

    users = {str(path.relative_to(ROOT)) for path in MODULES if f".{by_hand.__name__}(" in path.read_text()}

    assert users == {"catalog/actions/products.py", "catalog/actions/content.py"}
