"""Reads of the hub."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import CharField, Count, Func, OuterRef, Q, QuerySet, Subquery, Value
from django.utils.translation import gettext_lazy as _

from catalog.models import Product
from core.errors import NotFound
from core.models import Conflict
from integrations.effective import Change, Effective, differences, effective
from integrations.flows import FLOWS, Flow
from integrations.models import Delivery, Difference, FlowRun, FlowSettings, FlowState, System, SystemWindow
from integrations.states import DeliveryState, FlowMode
from orders.models import Order


def all_order_status(number: str) -> str:
    """The status of an order by its number, "" when there is none."""
    return Order.objects.filter(number=number).values_list("status", flat=True).first() or ""


# The views of the list of deliveries.
DELIVERY_VIEWS: dict[str, Q] = {
    "dead": Q(state=DeliveryState.BURIED),
    "waiting": Q(state__in=[DeliveryState.WAITING, DeliveryState.SENDING]),
    "delivered": Q(state=DeliveryState.DELIVERED),
    "dropped": Q(state=DeliveryState.DROPPED),
}


def all_deliveries(view: str, text: str = "") -> QuerySet[Delivery]:
    """The deliveries of a view, the newest first; those that wait by when they are due."""
    rows = Delivery.objects.filter(DELIVERY_VIEWS.get(view, DELIVERY_VIEWS["dead"]))
    rows = rows.select_related("event", "comparison")
    if text:
        rows = rows.filter(Q(subject__icontains=text) | Q(event__name__icontains=text))
    return rows.order_by("next_try_at", "id") if view == "waiting" else rows.order_by("-id")


def all_delivery_counts() -> dict[str, int]:
    """How many deliveries need somebody and how many wait; one statement."""
    return Delivery.objects.aggregate(
        **{name: Count("id", filter=DELIVERY_VIEWS[name]) for name in ("dead", "waiting")}
    )


def all_delivery(delivery_id: int) -> Delivery:
    """One delivery with its event and its attempts. Raises NotFound."""
    row = (
        Delivery.objects.filter(pk=delivery_id)
        .select_related("event", "comparison")
        .prefetch_related("tries")
        .first()
    )
    if row is None:
        raise NotFound(_("There is no such delivery."))
    return row


def all_waiting_for(system: str) -> int:
    """How many deliveries wait for a system."""
    return Delivery.objects.filter(DELIVERY_VIEWS["waiting"], system=system).count()


def all_buried_of(subject: str) -> QuerySet[Delivery]:
    """The dead letters about a document, oldest first."""
    rows = Delivery.objects.filter(subject=subject, state=DeliveryState.BURIED)
    return rows.select_related("event").order_by("sequence", "id")


def all_deliveries_of(subject: str) -> QuerySet[Delivery]:
    """Everything that went out about a document, with every try, oldest first; two statements."""
    rows = Delivery.objects.filter(subject=subject).select_related("event").prefetch_related("tries")
    return rows.order_by("sequence", "id")


def all_systems() -> list[System]:
    """The other systems and whether they answer."""
    return list(System.objects.order_by("key"))


@dataclass(frozen=True)
class FlowRow:
    """A flow as it stands. state, last_run: None before its first run. as_of: how far it has read."""

    flow: Flow
    state: FlowState | None
    last_run: FlowRun | None
    set_to: Effective

    @property
    def as_of(self) -> datetime | None:
        """The moment up to which everything has been read."""
        return self.state.as_of if self.state else None

    @property
    def is_paused(self) -> bool:
        """Whether a person has stopped it."""
        return bool(self.state and self.state.is_paused)


def all_windows(now: datetime) -> list[SystemWindow]:
    """The times of rest that are in use and not over, by system."""
    rows = SystemWindow.objects.filter(is_active=True).exclude(until_at__lt=now)
    return list(rows.order_by("system", "id"))


def all_flow_row(name: str) -> FlowRow:
    """One flow as it stands. Raises NotFound."""
    if name not in FLOWS:
        raise NotFound(_("There is no such flow."))
    state = FlowState.objects.filter(flow=name).first()
    run = FlowRun.objects.filter(flow=name).first()
    return FlowRow(FLOWS[name], state, run, effective(name))


@dataclass(frozen=True)
class VersionRow:
    """A version of a flow's settings, with what it set otherwise than the one before it."""

    row: FlowSettings
    changes: list[Change]


def all_versions(name: str, *, most: int = 50) -> list[VersionRow]:
    """The versions of a flow's settings, the newest first, each beside the one before. One statement."""
    rows = list(FlowSettings.objects.filter(flow=name)[: most + 1])
    older: list[FlowSettings | None] = [*rows[1:], None]
    return [VersionRow(row, differences(older[place], row)) for place, row in enumerate(rows[:most])]


def all_shadow_run(name: str) -> FlowRun | None:
    """The newest run of a flow that only compared."""
    return FlowRun.objects.filter(flow=name, mode=FlowMode.SHADOW).first()


def all_differences(run: FlowRun | None, *, most: int = 200) -> list[Difference]:
    """What a shadow run found to differ, by name."""
    return list(run.differences.all()[:most]) if run else []


def all_version_of(name: str, version: int) -> FlowSettings | None:
    """One version of a flow's settings."""
    return FlowSettings.objects.filter(flow=name, version=version).first()


def all_conflict_models() -> list[str]:
    """The kinds of records of which there are conflicts, as "app.Model"."""
    return list(Conflict.objects.order_by("model").values_list("model", flat=True).distinct())


def with_base_unit(conflicts: QuerySet[Conflict]) -> QuerySet[Conflict]:
    """Conflicts with the base unit of the product that their key begins with, as `base_unit`; None for others."""
    sku = Func(OuterRef("key"), Value("/"), Value(1), function="split_part", output_field=CharField())
    return conflicts.annotate(base_unit=Subquery(Product.objects.filter(sku=sku).values("base_unit")[:1]))
