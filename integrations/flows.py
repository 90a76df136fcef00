"""The flows: what comes from which system, how often, how old it may be; the ownership matrix by object."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.actor import Actor
from integrations import feeds
from integrations.systems import ERP, PIM

QUICK, SLOW = "quick", "slow"


@dataclass(frozen=True)
class Reading:
    """What a run of a flow is given: where to go on from, whether to read all, as whom it writes."""

    cursor: dict[str, Any]
    is_full: bool
    by: Actor


@dataclass(frozen=True)
class Flow:
    """One stream of facts from one owner.

    label: what comes. kind: the kind of figure whose freshness it keeps. every: how often it looks.
    limit: how old its figures may be before they are stale. full_every: how often it compares
    everything, since deletions leave no trace. lane: quick, or slow for what may take minutes.
    after: flows that must have run before it for the first time.
    """

    name: str
    label: str | Promise
    system: str
    kind: str
    feed: Callable[[Any], "feeds.Fed"]
    every: timedelta
    limit: timedelta
    full_every: timedelta | None = timedelta(hours=24)
    lane: str = QUICK
    after: tuple[str, ...] = ()

    @property
    def owner(self) -> str:
        """The kind of system whose word it is."""
        return {ERP: "erp", PIM: "pim"}[self.system]


def _seconds(number: int) -> timedelta:
    return timedelta(seconds=number)


def _minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


_ALL = (
    Flow(
        "erp.terms",
        _("Payment terms"),
        ERP,
        "terms",
        feeds.payment_terms,
        _minutes(10),
        _minutes(120),
        full_every=None,
    ),
    Flow(
        "erp.customers",
        _("Customers and addresses"),
        ERP,
        "customers",
        feeds.customers,
        _seconds(60),
        _minutes(30),
        after=("erp.terms",),
        lane=SLOW,
    ),
    Flow(
        "erp.credit",
        _("Credit limits and balances"),
        ERP,
        "credit",
        feeds.credit,
        _seconds(30),
        _minutes(15),
        full_every=None,
        after=("erp.customers",),
    ),
    Flow(
        "erp.taxes",
        _("Tax rates"),
        ERP,
        "taxes",
        feeds.tax_rates,
        _minutes(10),
        _minutes(120),
        full_every=None,
    ),
    Flow(
        "erp.warehouses",
        _("Warehouses"),
        ERP,
        "warehouses",
        feeds.warehouses,
        _minutes(10),
        _minutes(120),
        full_every=None,
    ),
    Flow(
        "erp.products",
        _("Products and units"),
        ERP,
        "products",
        feeds.products,
        _seconds(60),
        _minutes(60),
        after=("erp.taxes",),
        lane=SLOW,
    ),
    Flow(
        "pim.categories",
        _("Taxonomy"),
        PIM,
        "categories",
        feeds.categories,
        _seconds(20),
        timedelta(days=7),
        full_every=None,
        lane=SLOW,
    ),
    Flow(
        "pim.content",
        _("Product content"),
        PIM,
        "content",
        feeds.content,
        _seconds(20),
        timedelta(days=7),
        full_every=None,
        after=("erp.products", "pim.categories"),
        lane=SLOW,
    ),
    Flow(
        "erp.stock",
        _("Stock per warehouse"),
        ERP,
        "stock",
        feeds.stock,
        _seconds(10),
        _minutes(15),
        full_every=timedelta(hours=6),
        after=("erp.products", "erp.warehouses"),
    ),
    Flow(
        "erp.price-lists",
        _("Price lists"),
        ERP,
        "price_lists",
        feeds.price_lists,
        _seconds(60),
        _minutes(60),
        full_every=None,
        lane=SLOW,
    ),
    Flow(
        "erp.assignments",
        _("Price lists of customers"),
        ERP,
        "assignments",
        feeds.assignments,
        _seconds(60),
        _minutes(60),
        full_every=None,
        lane=SLOW,
        after=("erp.price-lists", "erp.customers"),
    ),
    Flow(
        "erp.prices",
        _("Prices"),
        ERP,
        "prices",
        feeds.prices,
        _seconds(60),
        _minutes(60),
        lane=SLOW,
        after=("erp.price-lists", "erp.products"),
    ),
    Flow(
        "erp.costs",
        _("Costs"),
        ERP,
        "costs",
        feeds.costs,
        _minutes(10),
        _minutes(240),
        full_every=None,
        lane=SLOW,
        after=("erp.products",),
    ),
    Flow(
        "erp.order-states",
        _("States of orders"),
        ERP,
        "orders",
        feeds.order_states,
        _seconds(5),
        _minutes(10),
        after=("erp.products",),
    ),
    Flow(
        "erp.shipments",
        _("Shipments"),
        ERP,
        "shipments",
        feeds.shipments,
        _seconds(5),
        _minutes(10),
        after=("erp.order-states",),
    ),
    Flow(
        "erp.invoices",
        _("Invoices, credit notes, payments"),
        ERP,
        "invoices",
        feeds.invoices,
        _seconds(5),
        _minutes(10),
        after=("erp.shipments",),
    ),
)
FLOWS: dict[str, Flow] = {flow.name: flow for flow in _ALL}


def limits() -> dict[str, timedelta]:
    """The limit of each kind of figure, for `core.freshness`."""
    return {flow.kind: flow.limit for flow in _ALL}


def in_order(names: list[str] | None = None) -> list[Flow]:
    """The flows so that each comes after those it needs; all, or the named ones."""
    return [flow for flow in _ALL if names is None or flow.name in names]
