"""Staff roles: groups with the rights of the back office, the same on every installation."""

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from accounts.models import User

SALES, SALES_MANAGER, OPERATOR = "Sales", "Sales manager", "Operator"

VIEWED = {
    "accounts": ["company", "address", "creditaccount", "paymentterm", "membership"],
    "catalog": ["product", "category", "warehouse", "stocklevel", "allocation", "productunit", "media"],
    "pricing": [
        "pricelist",
        "pricerow",
        "pricerun",
        "pricelistassignment",
        "itemcost",
        "pricepolicy",
        "taxrate",
    ],
    "orders": ["order", "shipment", "invoice", "checkoutpolicy", "cachedcredit"],
    "quotes": ["rfq", "quote", "quotepolicy"],
}
HUB = {
    "core": ["case", "refusal", "event", "conflict"],
    "integrations": [
        "delivery",
        "flowstate",
        "flowrun",
        "flowsettings",
        "rejectedrow",
        "difference",
        "process",
        "processstep",
        "identifierchange",
        "systemwindow",
        "inboxmessage",
        "system",
        "identifier",
        "heartbeat",
        "sentmail",
    ],
}
# What a role may do beyond seeing: app.codename.
DOES: dict[str, set[str]] = {
    SALES: {"quotes.change_rfq", "quotes.add_quote", "quotes.change_quote"},
    SALES_MANAGER: {
        "quotes.change_rfq",
        "quotes.add_quote",
        "quotes.change_quote",
        "quotes.add_quotepolicy",
        "pricing.add_pricepolicy",
        "orders.add_checkoutpolicy",
        "orders.add_cachedcredit",
        "orders.change_cachedcredit",
        "orders.delete_cachedcredit",
    },
    OPERATOR: {
        "core.change_case",
        "integrations.change_delivery",
        "integrations.change_flowstate",
        "integrations.add_flowsettings",
        "integrations.add_systemwindow",
        "integrations.change_systemwindow",
        "catalog.change_warehouse",
    },
}


@transaction.atomic
def install_staff_groups() -> None:
    """Bring the groups and their permissions to what this table says; repeats change nothing."""
    for name in (SALES, SALES_MANAGER, OPERATOR):
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set(_permissions(name))


def _permissions(name: str) -> list[Permission]:
    seen = {**VIEWED, **(HUB if name == OPERATOR else {})}
    wanted = {f"{app}.view_{model}" for app, models in seen.items() for model in models}
    wanted |= DOES[name]
    rows = Permission.objects.select_related("content_type").all()
    return [row for row in rows if f"{row.content_type.app_label}.{row.codename}" in wanted]


def is_in(user: User, *groups: str) -> bool:
    """Whether a person of the staff holds one of these roles; superusers hold all."""
    if not (user.is_active and user.is_staff):
        return False
    return user.is_superuser or user.groups.filter(name__in=groups).exists()


def all_staff_in(*groups: str) -> list[User]:
    """The active staff with one of these roles, each once."""
    staff = User.objects.filter(is_active=True, is_staff=True, groups__name__in=groups)
    return list(staff.distinct().order_by("pk"))


def names_by_role(roles: Iterable[str]) -> dict[str, list[str]]:
    """The names of the active staff by role. One statement."""
    staff = User.objects.filter(is_active=True, is_staff=True, groups__name__in=list(roles))
    found: dict[str, list[str]] = {}
    for role, name, email in staff.order_by("name").values_list("groups__name", "name", "email"):
        found.setdefault(role, []).append(name or email)
    return found
