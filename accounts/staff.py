"""Staff roles: what each may see and do in the back office, and which nobody may hold together. The one table."""

from collections.abc import Iterable, Mapping
from itertools import combinations

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import ForbiddenPair, User
from core.errors import InvalidValue

SALES, SALES_MANAGER, OPERATOR = "Sales", "Sales manager", "Operator"
FINANCE, INTEGRATION_ADMIN, AUDITOR, PARTNER = "Finance", "Integration admin", "Auditor", "Partner"
ROLES = (SALES, SALES_MANAGER, OPERATOR, FINANCE, INTEGRATION_ADMIN, AUDITOR, PARTNER)

# The parts of the back office, each with its models as app.model.
AREAS: dict[str, tuple[str, ...]] = {
    "customers": (
        "accounts.company",
        "accounts.address",
        "accounts.creditaccount",
        "accounts.paymentterm",
        "accounts.membership",
        "accounts.user",
        "accounts.segment",
        "accounts.segmentlimit",
        "accounts.segmentmember",
        "accounts.licence",
        "accounts.licencekind",
        "accounts.assistance",
        "accounts.registration",
    ),
    "company sign-in": ("accounts.signinconnection", "accounts.signinidentity"),
    "catalogue": (
        "catalog.product",
        "catalog.category",
        "catalog.warehouse",
        "catalog.stocklevel",
        "catalog.allocation",
        "catalog.productunit",
        "catalog.media",
        "catalog.assortment",
        "catalog.assortmentrule",
        "catalog.assortmentassignment",
        "catalog.productrestriction",
    ),
    "prices": (
        "pricing.pricelist",
        "pricing.pricerow",
        "pricing.pricerun",
        "pricing.pricelistassignment",
        "pricing.taxrate",
    ),
    "costs": ("pricing.itemcost", "pricing.pricepolicy"),
    "orders": ("orders.order", "orders.shipment", "orders.invoice"),
    "approvals": (
        "orders.approvalrequest",
        "orders.approvalstep",
        "orders.approvalrule",
        "orders.budget",
        "orders.budgetentry",
    ),
    "credit": ("orders.checkoutpolicy", "orders.cachedcredit"),
    "quotes": ("quotes.rfq", "quotes.quote", "quotes.quotepolicy"),
    "cases": ("core.case", "core.conflict"),
    "log": ("core.event", "core.refusal"),
    "audit": ("core.auditentry", "core.rowchange"),
    "flows": (
        "integrations.flowstate",
        "integrations.flowrun",
        "integrations.flowsettings",
        "integrations.difference",
        "integrations.systemwindow",
        "integrations.system",
        "integrations.heartbeat",
    ),
    "messages": (
        "integrations.delivery",
        "integrations.rejectedrow",
        "integrations.process",
        "integrations.processstep",
        "integrations.identifierchange",
        "integrations.inboxmessage",
        "integrations.identifier",
        "integrations.sentmail",
    ),
}
HUB = ("cases", "log", "flows", "messages")
BUSINESS = ("customers", "catalogue", "prices", "costs", "orders", "approvals", "credit", "quotes")

# The areas that a role sees. Which customers of them is said by accounts.customers.
SEES: dict[str, tuple[str, ...]] = {
    SALES: BUSINESS,
    SALES_MANAGER: (*BUSINESS, "company sign-in"),
    OPERATOR: (*BUSINESS, *HUB, "audit", "company sign-in"),
    FINANCE: BUSINESS,
    INTEGRATION_ADMIN: ("customers", "catalogue", "prices", "orders", *HUB, "company sign-in"),
    AUDITOR: (*BUSINESS, *HUB, "audit", "company sign-in"),
    PARTNER: ("customers", "catalogue", "orders", "flows"),
}
# What sales managers keep by hand, whole rows.
KEPT = {
    "catalog.assortment",
    "catalog.assortmentrule",
    "catalog.assortmentassignment",
    "catalog.productrestriction",
    "accounts.licence",
    "accounts.licencekind",
}
# What a role may do beyond seeing: app.codename. An auditor takes out evidence and does nothing else; a partner nothing.
DOES: dict[str, set[str]] = {
    SALES: {
        "quotes.change_rfq",
        "quotes.add_quote",
        "quotes.change_quote",
        "accounts.add_assistance",
        "accounts.decide_registration",
    },
    SALES_MANAGER: {
        "quotes.change_rfq",
        "quotes.add_quote",
        "quotes.change_quote",
        "quotes.add_quotepolicy",
        "accounts.add_segment",
        "accounts.change_segment",
        "accounts.add_segmentlimit",
        "accounts.change_segmentlimit",
        "accounts.delete_segmentlimit",
        "accounts.add_segmentmember",
        "accounts.delete_segmentmember",
        "orders.add_checkoutpolicy",
        *(model.replace(".", f".{verb}_") for model in KEPT for verb in ("add", "change", "delete")),
        "accounts.add_assistance",
        "accounts.change_membership",
        "accounts.decide_registration",
        "orders.change_approvalstep",
    },
    OPERATOR: {
        "core.change_case",
        "orders.change_approvalstep",
        "core.export_evidence",
        "accounts.erase_user",
        "integrations.change_delivery",
        "integrations.change_flowstate",
        "catalog.change_warehouse",
    },
    FINANCE: {
        "orders.add_cachedcredit",
        "orders.change_cachedcredit",
        "orders.delete_cachedcredit",
    },
    INTEGRATION_ADMIN: {
        "integrations.change_flowstate",
        "integrations.add_flowsettings",
        "integrations.add_systemwindow",
        "integrations.change_systemwindow",
        "integrations.change_system",
        "accounts.add_signinconnection",
        "accounts.change_signinconnection",
        "accounts.delete_signinidentity",
    },
    AUDITOR: {"core.export_evidence"},
    PARTNER: set(),
}
# Roles that meet every customer; sales meets its own, a partner those that the access names.
ALL_CUSTOMERS = frozenset({SALES_MANAGER, OPERATOR, FINANCE, INTEGRATION_ADMIN, AUDITOR})

_CREDIT = _("who sells does not decide on credit")
_SETTINGS = _("who sets up how prices and credit arrive does not sell by them or decide on them")
_AUDIT = _("nobody audits what he or she does")
_OUTSIDE = _("whoever is from outside is not one of the staff")

# The duties that nobody may hold together, and why (SEC-12). What is not here may be: an operator may also
# set up flows, and a sales manager sell, since a quote is never approved by one of its makers anyway.
FORBIDDEN: dict[frozenset[str], object] = {
    frozenset({SALES, FINANCE}): _CREDIT,
    frozenset({SALES_MANAGER, FINANCE}): _CREDIT,
    frozenset({OPERATOR, FINANCE}): _("who decides on credit does not send on what credit holds back"),
    frozenset({INTEGRATION_ADMIN, SALES}): _SETTINGS,
    frozenset({INTEGRATION_ADMIN, SALES_MANAGER}): _SETTINGS,
    frozenset({INTEGRATION_ADMIN, FINANCE}): _SETTINGS,
    **{frozenset({AUDITOR, role}): _AUDIT for role in ROLES if role not in (AUDITOR, PARTNER)},
    **{frozenset({PARTNER, role}): _OUTSIDE for role in ROLES if role != PARTNER},
}


def check_roles(roles: Iterable[str]) -> None:
    """Refuse roles that do not exist or may not be held together. Raises InvalidValue naming the pair and why."""
    wanted = sorted(set(roles))
    if unknown := [role for role in wanted if role not in ROLES]:
        raise InvalidValue(
            _("There is no staff role “%(role)s”.") % {"role": unknown[0]}, field="staff_roles"
        )
    for pair in combinations(wanted, 2):
        why = FORBIDDEN.get(frozenset(pair))
        if why:
            raise InvalidValue(
                _("Nobody may be “%(first)s” and “%(second)s” at once: %(why)s.")
                % {"first": pair[0], "second": pair[1], "why": why},
                field="staff_roles",
                pair=list(pair),
            )


def excluded_by(roles: Iterable[str]) -> list[tuple[str, str, object]]:
    """The roles that may not come to these: each with the one that excludes it, and why."""
    held = set(roles)
    return [
        (other, role, FORBIDDEN[pair])
        for other in ROLES
        for role in ROLES
        if role in held and other not in held and (pair := frozenset({other, role})) in FORBIDDEN
    ]


def permissions_of(role: str) -> set[str]:
    """Everything that a role may, as app.codename."""
    seen = {model for area in SEES[role] for model in AREAS[area]}
    return {f"{app}.view_{name}" for app, _dot, name in (model.partition(".") for model in seen)} | DOES[role]


@transaction.atomic
def install_staff_groups() -> None:
    """Bring the groups, their permissions and the forbidden pairs to what this table says; repeats change nothing."""
    groups: dict[str, Group] = {}
    rows = {
        f"{row.content_type.app_label}.{row.codename}": row
        for row in Permission.objects.select_related("content_type")
    }
    for name in ROLES:
        groups[name], _is_new = Group.objects.get_or_create(name=name)
        groups[name].permissions.set(rows[key] for key in permissions_of(name) if key in rows)
    _install_pairs(groups)


def _install_pairs(groups: Mapping[str, Group]) -> None:
    """The pairs as rows: a trigger on the memberships of groups reads them, whoever writes there."""
    wanted = {
        (first.pk, second.pk)
        for pair in FORBIDDEN
        for first, second in [sorted((groups[name] for name in pair), key=lambda group: group.pk)]
    }
    known = set(ForbiddenPair.objects.values_list("first_id", "second_id"))
    for first, second in known - wanted:
        ForbiddenPair.objects.filter(first_id=first, second_id=second).delete()
    ForbiddenPair.objects.bulk_create(
        ForbiddenPair(first_id=first, second_id=second) for first, second in sorted(wanted - known)
    )


def roles_of(user: User) -> frozenset[str]:
    """The roles of an active person of the staff. A superuser holds none by that: see `is_in`."""
    if not (user.is_active and user.is_staff):
        return frozenset()
    roles = frozenset(user.groups.filter(name__in=ROLES).values_list("name", flat=True))
    if PARTNER in roles and (user.access_until is None or user.access_until <= timezone.now()):
        return frozenset()
    return roles


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
