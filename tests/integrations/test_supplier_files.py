"""Suppliers' files: unlike formats, equal records, one lane; a file that is not whole is not taken at all."""

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from catalog.models import StockLevel
from core.models import Case, CaseState, Conflict
from integrations.actions.settings import change_flow_settings
from integrations.connectors.supplier_files.mapping import FORMATS
from integrations.connectors.supplier_files.reading import read_prices
from integrations.failures import Broken
from integrations.models import FlowRun, RejectedRow
from pricing.actions.lists import apply_assignments, apply_price_lists
from pricing.actions.prices import apply_prices, undo_run
from pricing.models import PriceList, PriceListAssignment, PriceRow, PriceRun
from pricing.records import AssignmentRecord, PriceListRecord, PriceRecord
from tests.factories.catalog import ProductFactory, StockLevelFactory, WarehouseFactory
from tests.factories.pricing import MORNING

D = Decimal
GERMAN = """Artikel;ab Menge;Preis;Einheit;gültig ab;Bemerkung;Lager
S1;0;1.234,50;HD;01.12.2026;"Größe 8;
verzinkt";x
S2;1.000;0,75;ST;;=HYPERLINK("x");y
ENDE;2
"""
ISO = """item,from_qty,price,per,valid_from,note
S1,0,1234.5,100,2026-12-01,"Größe 8;
verzinkt"
S2,1000,0.75,1,,"=HYPERLINK(""x"")"
"""
HARTMANN, FJORD = FORMATS["hartmann-prices"], FORMATS["fjord-prices"]


@pytest.fixture
def folder(tmp_path, settings):
    settings.SUPPLIER_DROP = str(tmp_path)
    return tmp_path


@pytest.fixture
def products(db):
    return [ProductFactory(sku=sku) for sku in ("S1", "S2")]


def hartmann(folder, text=GERMAN, encoding="iso-8859-1"):
    (folder / "preise.csv").write_bytes(text.encode(encoding))
    return "preise.csv"


def fjord(folder, text=ISO, name="prices.csv"):
    data = text.encode("utf-8-sig")
    (folder / name).write_bytes(data)
    (folder / f"{name}.sha256").write_text(f"{hashlib.sha256(data).hexdigest()}  {name}\n")
    return name


def take(supplier, file, **options):
    out = StringIO()
    call_command("import_supplier", supplier=supplier, file=file, stdout=out, **options)
    return out.getvalue().strip()


def of_no_list(batch):
    return [record.model_copy(update={"price_list_code": "ANY"}) for record in batch.records]


@pytest.mark.req("INT-49")
def test_two_suppliers_formats_give_the_same_records(folder):
    german = read_prices(hartmann(folder), HARTMANN, as_of=MORNING)
    iso = read_prices(fjord(folder), FJORD, as_of=MORNING)

    assert (german.rejected, iso.rejected) == ([], [])
    assert of_no_list(german) == of_no_list(iso) == [
        PriceRecord(
            price_list_code="ANY", sku="S1", min_quantity=D(0), unit_price=D("1234.5"), price_unit=D(100),
            valid_from=date(2026, 12, 1), valid_until=None, formula="Größe 8;\nverzinkt",
        ),
        PriceRecord(
            price_list_code="ANY", sku="S2", min_quantity=D(1000), unit_price=D("0.75"), price_unit=D(1),
            valid_from=None, valid_until=None, formula='=HYPERLINK("x")',
        ),
    ]  # fmt: skip
    assert (german.full_lists, iso.full_lists) == ({"SUP-HARTMANN"}, set())


@pytest.mark.req("INT-49", "INT-48")
def test_a_file_becomes_a_list_of_the_supplier_is_told_once_and_can_be_taken_back(folder, products, mona):
    first = take("hartmann-prices", hartmann(folder), as_of="2026-11-20T08:00")
    again = take("hartmann-prices", hartmann(folder), as_of="2026-11-21T08:00")
    without = GERMAN.replace("S2;1.000;0,75;ST", "S2;1.000;0,70;ST")
    changed = take("hartmann-prices", hartmann(folder, without), as_of="2026-11-22T08:00")

    assert first == "seen 2, new 2, changed 0, same 0, rejected 0, removed 0"
    assert again == "seen 2, new 0, changed 0, same 2, rejected 0, removed 0"
    assert changed == "seen 2, new 0, changed 1, same 1, rejected 0, removed 0"
    own = PriceList.objects.get(code="SUP-HARTMANN")
    assert (own.source, own.currency, own.as_of) == ("supplier", "EUR", datetime(2026, 11, 20, 8, tzinfo=UTC))
    assert list(own.assignments.values_list("company", "priority")) == [(None, 1000)]
    assert FlowRun.objects.filter(flow="supplier.prices").count() == 3

    undo_run(PriceRun.objects.latest("pk"), by=mona.actor)

    current = PriceRow.objects.filter(ended_run=None).order_by("product__sku")
    assert list(current.values_list("unit_price", flat=True)) == [D("1234.5"), D("0.75")]


@pytest.mark.req("INT-49", "INT-02")
def test_neither_system_touches_the_lists_of_the_other(folder, products, erp):
    take("hartmann-prices", hartmann(folder))
    told = PriceListRecord(code="A", name="A", kind="list", currency="EUR", as_of=MORNING)
    apply_price_lists([told], by=erp, is_full=True)
    apply_assignments([AssignmentRecord(price_list_code="A")], by=erp, is_full=True)

    assert PriceList.objects.get(code="SUP-HARTMANN").is_active
    assert PriceListAssignment.objects.count() == 2
    foreign = PriceRecord(price_list_code="SUP-HARTMANN", sku="S1", unit_price="1")
    with pytest.raises(Exception, match="SUP-HARTMANN are brought by supplier"):
        apply_prices([foreign], by=erp, flow="erp.prices", as_of=MORNING)
    PriceList.objects.filter(code="SUP-HARTMANN").update(source="erp")
    with pytest.raises(CommandError, match="SUP-HARTMANN are brought by erp"):
        take("hartmann-prices", "preise.csv")
    assert PriceRow.objects.filter(ended_run=None).count() == 2


REFUSED = [
    (GERMAN.replace("Preis;", "Price;"), "iso-8859-1", "preise.csv lacks the columns Preis."),
    (GERMAN.replace("Lager", "Preis"), "iso-8859-1", "has the columns Preis more than once."),
    (GERMAN, "utf-8", "preise.csv is written in utf-8, not in iso-8859-1."),
    (GERMAN[:-4], "iso-8859-1", "preise.csv is cut off: its last line has no end."),
    (GERMAN.replace("ENDE;2\n", ""), "iso-8859-1", "its closing line ENDE is missing."),
    (GERMAN.replace("ENDE;2", "ENDE;3"), "iso-8859-1", "has 2 rows, and its closing line tells another number."),
    (GERMAN + "S3;0;1,00;ST;;;\n", "iso-8859-1", "goes on after its closing line."),
    (GERMAN.replace('verzinkt"', "verzinkt"), "iso-8859-1", "preise.csv is cut off or damaged"),
    (GERMAN.replace("S2", "S\x00"), "iso-8859-1", "preise.csv is not a text."),
    ("", "iso-8859-1", "preise.csv is cut off"),
]  # fmt: skip


@pytest.mark.req("INT-49", "INT-48")
@pytest.mark.parametrize(("text", "encoding", "reason"), REFUSED)
def test_a_file_that_is_not_as_agreed_is_refused_whole_with_what_is_wrong(
    folder, products, text, encoding, reason
):
    with pytest.raises(CommandError, match=reason):
        take("hartmann-prices", hartmann(folder, text, encoding))

    assert not PriceRow.objects.exists()
    assert not PriceList.objects.exists()
    case = Case.objects.get(state=CaseState.OPEN)
    assert (case.kind, case.subject) == ("flow_broken", "flow:supplier.prices")


@pytest.mark.req("INT-49", "INT-48")
def test_a_file_cut_at_the_end_of_a_line_is_known_by_its_digest(folder, products):
    name = fjord(folder)
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: whole.rindex(b"S2")])

    with pytest.raises(CommandError, match="is not the file that its digest names"):
        take("fjord-prices", name)
    (folder / f"{name}.sha256").unlink()
    with pytest.raises(CommandError, match=r"prices\.csv\.sha256 is not in the suppliers' folder"):
        take("fjord-prices", name)

    assert not PriceRow.objects.exists()


@pytest.mark.req("INT-49")
def test_wrong_bytes_are_told_by_line_large_files_and_other_folders_are_not_read(folder):
    fjord(folder)
    (folder / "prices.csv").write_bytes(b"item\n\xe4\n")
    (folder / "prices.csv.sha256").write_text(hashlib.sha256(b"item\n\xe4\n").hexdigest())

    with pytest.raises(Broken, match="is not written in utf-8-sig: see line 2"):
        read_prices("prices.csv", FJORD, as_of=None)
    with pytest.raises(Broken, match=r"is outside of the suppliers' folder"):
        read_prices("../prices.csv", FJORD, as_of=None)
    with pytest.raises(Broken, match="has 7 bytes; at most 5 are agreed"):
        read_prices("prices.csv", replace(FJORD, most_bytes=5), as_of=None)


@pytest.mark.req("INT-49", "INT-48")
def test_bad_rows_are_told_one_by_one_and_too_many_leave_all_as_it_was(folder, products, mona):
    bad = ISO + "S1,1,=1+1,100,,\nS1,2,1,12,,\nS1,3,1,1,01.12.2026,\nS1,4\nNEW,0,1,1,,\n"

    with pytest.raises(CommandError, match="5 of 7 rows cannot be taken"):
        take("fjord-prices", fjord(folder, bad))

    assert not PriceRow.objects.exists()
    assert not PriceList.objects.exists()
    reasons = {row.key: row.field for row in RejectedRow.objects.filter(is_refused=True)}
    assert reasons == {
        "prices.csv:5": "unit_price",
        "prices.csv:6": "unit",
        "prices.csv:7": "valid_from",
        "prices.csv:8": "line",
        "SUP-FJORD/NEW/0": "sku",
    }

    change_flow_settings("supplier.prices", {"tolerance": "5 rows"}, by=mona.actor, note="Agreed")

    assert take("fjord-prices", fjord(folder, bad)) == (
        "seen 7, new 2, changed 0, same 0, rejected 5, removed 0"
    )


@pytest.mark.req("INT-49", "INT-02", "INT-03")
def test_stock_comes_from_a_file_only_where_the_erp_does_not_tell_it(folder, products, mona):
    place = WarehouseFactory(code="DROP")
    StockLevelFactory(product=products[0], warehouse=place, on_hand=1, as_of=MORNING)
    name = fjord(folder, "item,site,free,unit\nS1,DROP,12,BX10\nS2,DROP,7,PCE\nS2,AWAY,7,PCE\n")

    change_flow_settings("supplier.stock", {"tolerance": "any"}, by=mona.actor, note="Agreed")
    beside = take("fjord-stock", name)
    levels = StockLevel.objects.order_by("product__sku").values_list("product__sku", "on_hand", "source")
    assert beside == "seen 3, new 1, changed 0, same 1, rejected 1, removed 0"
    assert list(levels) == [("S1", 1, "erp"), ("S2", 7, "supplier")]
    refused = Conflict.objects.get()
    assert (refused.key, refused.kept, refused.refused) == ("S1/DROP", "1", "120")
    assert (refused.winner, refused.loser, refused.rule) == ("erp", "supplier", "precedence")

    change_flow_settings("erp.stock", {"mode": "held"}, by=mona.actor, note="No interface")
    told = take("fjord-stock", name)

    assert told == "seen 3, new 0, changed 1, same 1, rejected 1, removed 0"
    assert list(levels.all()) == [("S1", 120, "supplier"), ("S2", 7, "supplier")]
