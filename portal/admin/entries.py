"""What there is in the sidebar of the back office, in its groups: a page, who may open it, and what waits there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.admin.operations.counts import dead_letters, open_cases
from portal.admin.sales.counts import new_requests, quotes_to_decide, registrations_to_decide

Count = Callable[[HttpRequest], int]


@dataclass(frozen=True)
class Entry:
    """One line of the sidebar.

    page: the name of its address. needs: the permission that opens it, "" for all staff.
    count: how much waits there, shown when it is not zero; is_urgent paints it red.
    """

    title: Any
    icon: str
    page: str
    needs: str = ""
    count: Count | None = None
    is_urgent: bool = False


GROUPS: list[tuple[Any, list[Entry]]] = [
    (
        _("Sales"),
        [
            Entry(_("My desk"), "inbox", "admin:index"),
            Entry(
                _("Requests"),
                "contact_support",
                "admin:quotes_rfq_changelist",
                "quotes.view_rfq",
                count=new_requests,
            ),
            Entry(
                _("Quotes"),
                "request_quote",
                "admin:quotes_quote_changelist",
                "quotes.view_quote",
                count=quotes_to_decide,
            ),
            Entry(_("New quote"), "add_circle", "admin:quotes_quote_new", "quotes.add_quote"),
            Entry(
                _("Registrations"),
                "how_to_reg",
                "admin:accounts_registration_changelist",
                "accounts.view_registration",
                count=registrations_to_decide,
            ),
            Entry(_("Customers"), "apartment", "admin:accounts_company_changelist", "accounts.view_company"),
            Entry(
                _("Tree of customers"), "account_tree", "admin:accounts_company_tree", "accounts.view_company"
            ),
            Entry(
                _("Duplicates"),
                "join_inner",
                "admin:accounts_company_duplicates",
                "accounts.change_membership",
            ),
            Entry(_("Segments"), "workspaces", "admin:accounts_segment_changelist", "accounts.view_segment"),
            Entry(
                _("Acting for buyers"),
                "support_agent",
                "admin:accounts_assistance_changelist",
                "accounts.view_assistance",
            ),
        ],
    ),
    (
        _("Orders"),
        [
            Entry(_("Orders"), "orders", "admin:orders_order_changelist", "orders.view_order"),
            Entry(
                _("Shipments"), "local_shipping", "admin:orders_shipment_changelist", "orders.view_shipment"
            ),
            Entry(_("Invoices"), "receipt_long", "admin:orders_invoice_changelist", "orders.view_invoice"),
            Entry(
                _("Approvals"),
                "how_to_reg",
                "admin:orders_approvalrequest_changelist",
                "orders.view_approvalrequest",
            ),
            Entry(
                _("Approval rules"),
                "rule_settings",
                "admin:orders_approvalrule_changelist",
                "orders.view_approvalrule",
            ),
            Entry(_("Budgets"), "savings", "admin:orders_budget_changelist", "orders.view_budget"),
        ],
    ),
    (
        _("Operations"),
        [
            Entry(
                _("Cases"),
                "error",
                "admin:core_case_changelist",
                "core.view_case",
                count=open_cases,
                is_urgent=True,
            ),
            Entry(
                _("Deliveries"),
                "send",
                "admin:integrations_delivery_changelist",
                "integrations.view_delivery",
                count=dead_letters,
                is_urgent=True,
            ),
            Entry(
                _("Processes"),
                "route",
                "admin:integrations_process_changelist",
                "integrations.view_process",
            ),
            Entry(
                _("Flows"),
                "sync_alt",
                "admin:integrations_flowstate_changelist",
                "integrations.view_flowstate",
            ),
            Entry(
                _("Inbox"),
                "move_to_inbox",
                "admin:integrations_inboxmessage_changelist",
                "integrations.view_inboxmessage",
            ),
            Entry(
                _("Systems and pace"),
                "speed",
                "admin:integrations_system_changelist",
                "integrations.view_system",
            ),
            Entry(
                _("Times of rest"),
                "bedtime",
                "admin:integrations_systemwindow_changelist",
                "integrations.view_systemwindow",
            ),
            Entry(_("Events"), "timeline", "admin:core_event_changelist", "core.view_event"),
            Entry(_("Conflicts"), "balance", "admin:core_conflict_changelist", "core.view_conflict"),
            Entry(_("Audit log"), "policy", "admin:core_auditentry_changelist", "core.view_auditentry"),
            Entry(
                _("Changes of rights"),
                "manage_accounts",
                "admin:core_rowchange_changelist",
                "core.view_rowchange",
            ),
        ],
    ),
    (
        _("Catalogue and prices"),
        [
            Entry(_("Products"), "category", "admin:catalog_product_changelist", "catalog.view_product"),
            Entry(
                _("Categories"), "account_tree", "admin:catalog_category_changelist", "catalog.view_category"
            ),
            Entry(
                _("Stock"), "inventory_2", "admin:catalog_stocklevel_changelist", "catalog.view_stocklevel"
            ),
            Entry(
                _("Warehouses"), "warehouse", "admin:catalog_warehouse_changelist", "catalog.view_warehouse"
            ),
            Entry(_("Price explain"), "price_check", "admin:pricing_explain", "pricing.view_pricelist"),
            Entry(_("Price lists"), "sell", "admin:pricing_pricelist_changelist", "pricing.view_pricelist"),
            Entry(_("Prices"), "price_change", "admin:pricing_pricerow_changelist", "pricing.view_pricerow"),
        ],
    ),
    (
        _("Who sees and may buy what"),
        [
            Entry(
                _("Assortments"),
                "inventory",
                "admin:catalog_assortment_changelist",
                "catalog.view_assortment",
            ),
            Entry(
                _("Given to"),
                "assignment_ind",
                "admin:catalog_assortmentassignment_changelist",
                "catalog.view_assortmentassignment",
            ),
            Entry(_("Explain"), "visibility", "admin:catalog_assortment_explain", "catalog.view_assortment"),
            Entry(
                _("Restrictions"),
                "block",
                "admin:catalog_productrestriction_changelist",
                "catalog.view_productrestriction",
            ),
            Entry(_("Licences"), "badge", "admin:accounts_licence_changelist", "accounts.view_licence"),
            Entry(
                _("Kinds of licences"),
                "workspace_premium",
                "admin:accounts_licencekind_changelist",
                "accounts.view_licencekind",
            ),
        ],
    ),
    (
        _("Set-up"),
        [
            Entry(_("People"), "group", "admin:accounts_user_changelist", "accounts.view_user"),
            Entry(
                _("Company sign-ins"),
                "key",
                "admin:accounts_signinconnection_changelist",
                "accounts.view_signinconnection",
            ),
            Entry(
                _("Linked people"),
                "link",
                "admin:accounts_signinidentity_changelist",
                "accounts.view_signinidentity",
            ),
            Entry(
                _("Partner access"),
                "handshake",
                "admin:accounts_user_partners",
                "integrations.add_flowsettings",
            ),
            Entry(_("Rights explained"), "how_to_reg", "admin:accounts_user_rights", "accounts.view_user"),
            Entry(_("Groups"), "shield_person", "admin:auth_group_changelist", "auth.view_group"),
            Entry(
                _("Price policies"),
                "tune",
                "admin:pricing_pricepolicy_changelist",
                "pricing.view_pricepolicy",
            ),
            Entry(
                _("Checkout policies"),
                "fact_check",
                "admin:orders_checkoutpolicy_changelist",
                "orders.view_checkoutpolicy",
            ),
            Entry(
                _("Credit without the ERP"),
                "credit_score",
                "admin:orders_cachedcredit_changelist",
                "orders.view_cachedcredit",
            ),
            Entry(
                _("Quote policies"), "rule", "admin:quotes_quotepolicy_changelist", "quotes.view_quotepolicy"
            ),
        ],
    ),
]
