"""Two systems tell the stock of one place: the precedence decides, whichever came first, and the other is kept."""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.actions.stock import apply_stock, take_told_stock
from catalog.availability import availability
from catalog.models import StockLevel
from catalog.records import StockRecord
from core import freshness, ownership
from core.models import Conflict
from integrations.systems import flow_actor
from tests.factories.catalog import ProductFactory, WarehouseFactory
from tests.factories.pricing import MORNING

pytestmark = pytest.mark.django_db
ERP, SUPPLIER = flow_actor("erp.stock"), flow_actor("supplier.stock", system="supplier")
FIGURES = {"erp": Decimal(10), "supplier": Decimal(40)}
ACTORS = {"erp": ERP, "supplier": SUPPLIER}
ORDERS = [("erp", "supplier"), ("supplier", "erp")]


@pytest.fixture
def place():
    return ProductFactory(), WarehouseFactory()


@pytest.fixture
def precedence():
    """Sets whose word of a stock figure holds; as declared again in the end."""
    before = ownership.precedence_of("catalog.StockLevel", "on_hand")
    yield lambda *systems: ownership.prefer("catalog.StockLevel", on_hand=systems)
    ownership.prefer("catalog.StockLevel", on_hand=before)


def tell(place, system, figure=None, *, minutes=0, **more):
    product, warehouse = place
    record = StockRecord(
        sku=product.sku,
        warehouse_code=warehouse.code,
        on_hand=FIGURES[system] if figure is None else Decimal(figure),
        as_of=MORNING + timedelta(minutes=minutes),
    )
    return apply_stock([record], by=ACTORS[system], **more)


@pytest.mark.req("INT-03")
@pytest.mark.parametrize("arrival", ORDERS, ids=" then ".join)
@pytest.mark.parametrize("preferred", ORDERS, ids=" over ".join)
@pytest.mark.parametrize("step", [5, -5], ids=["newer", "older"])
def test_the_precedence_decides_whichever_came_first_and_the_other_is_kept(
    place, precedence, arrival, preferred, step
):
    precedence(*preferred)

    for at, system in enumerate(arrival):
        tell(place, system, minutes=step * at)

    winner, loser = preferred
    level = StockLevel.objects.get()
    assert (level.on_hand, level.source) == (FIGURES[winner], winner)
    conflict = Conflict.objects.get()
    assert (conflict.model, conflict.field) == ("catalog.StockLevel", "on_hand")
    assert conflict.key == f"{place[0].sku}/{place[1].code}"
    assert (conflict.kept, conflict.refused) == (f"{FIGURES[winner]}", f"{FIGURES[loser]}")
    assert (conflict.winner, conflict.loser, conflict.rule) == (winner, loser, "precedence")


@pytest.mark.req("INT-03")
def test_a_disagreement_that_lasts_is_told_once_and_again_when_a_figure_changes(place):
    tell(place, "erp")
    tell(place, "supplier")
    tell(place, "supplier", minutes=60)
    assert Conflict.objects.count() == 1

    tell(place, "supplier", 41, minutes=120)

    assert list(Conflict.objects.order_by("id").values_list("refused", flat=True)) == ["40", "41"]
    assert StockLevel.objects.get().on_hand == 10


def test_two_that_say_the_same_do_not_disagree(place):
    tell(place, "supplier", 10)
    tell(place, "erp", 10)

    assert StockLevel.objects.get().source == "erp"
    assert not Conflict.objects.exists()


@pytest.mark.req("INT-03")
def test_a_system_that_is_silent_gives_way_until_it_speaks_again(place):
    tell(place, "erp")
    tell(place, "supplier", silent=("erp",))
    assert StockLevel.objects.get().source == "supplier"

    tell(place, "erp", minutes=5)

    assert (StockLevel.objects.get().on_hand, StockLevel.objects.get().source) == (10, "erp")
    assert list(Conflict.objects.order_by("id").values_list("winner", flat=True)) == ["supplier", "erp"]


def test_a_whole_reading_of_one_system_forgets_nothing_of_another(place):
    tell(place, "supplier")
    other = ProductFactory(), WarehouseFactory()
    tell(other, "erp", minutes=5)

    applied = tell(other, "erp", minutes=60, is_full=True)

    assert applied.removed == 0
    assert StockLevel.objects.get(product=place[0]).on_hand == 40


def test_an_answer_of_the_erp_leaves_the_figure_of_another_system_to_the_flows(place):
    tell(place, "supplier")
    told = StockRecord(sku=place[0].sku, warehouse_code=place[1].code, on_hand=3, as_of=MORNING)

    assert take_told_stock([told], by=flow_actor("erp.live-stock")) == 0
    assert StockLevel.objects.get().on_hand == 40


def test_a_suppliers_figure_is_as_old_as_itself_and_not_as_the_erps_last_reading(place):
    tell(place, "supplier")
    freshness.note("stock", MORNING + timedelta(days=3))

    [[row]] = availability([place[0].pk]).values()

    assert row.as_of == MORNING
    assert tell(place, "supplier", 39, minutes=1).changed == 1


def test_where_nobody_said_more_the_owner_alone_is_preferred_and_strangers_move_nothing():
    assert ownership.precedence_of("catalog.Product", "name") == ("pim",)
    assert ownership.weaker_than("catalog.StockLevel", "on_hand", "erp") == ["supplier"]
    assert ownership.weaker_than("catalog.StockLevel", "on_hand", "supplier") == []
    assert ownership.weaker_than("catalog.StockLevel", "on_hand", "crm") == []
