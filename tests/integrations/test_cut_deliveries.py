"""Deliveries that are whole by their form and not by what they hold: cut off, partial, doubled, empty."""

import hashlib
import json
import shutil
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Company
from catalog.models import Category, Product
from core.applied import Applied
from core.models import Case
from core.tolerance import ANY, TooMuchGone, check_gone
from demo.pim.drop import write
from integrations import feeds
from integrations.actions.settings import change_flow_settings
from integrations.batches import Batch
from integrations.flows.definition import HALF
from integrations.models import FlowState, RejectedRow
from integrations.running import run_flow
from tests.factories.accounts import CompanyFactory
from tests.factories.catalog import ProductFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("INT-48")]
KNOWN = 20


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pim")
    write(folder)
    return folder


@pytest.fixture
def drop(original, tmp_path, settings):
    """The demo company's drop as it was applied, with twenty of its products known from the ERP."""
    folder = tmp_path / "pim"
    shutil.copytree(original, folder)
    settings.PIM_DROP = str(folder)
    for line in rows_of(folder, "products")[:KNOWN]:
        ProductFactory(sku=json.loads(line)["sku"], name="", description="", category=None)
    FlowState.objects.create(flow="erp.products", last_success_at=timezone.now())
    for name in ("pim.categories", "pim.content"):
        assert run_flow(name, is_asked=True).error == ""
    assert shown() == KNOWN
    return folder


def shown() -> int:
    return Product.objects.filter(pim_as_of__isnull=False).count()


def told(folder):
    return json.loads((folder / "manifest.json").read_text())


def entry_of(manifest, kind):
    return next(file for file in manifest["files"] if file["kind"] == kind)


def rows_of(folder, kind):
    return (folder / entry_of(told(folder), kind)["path"]).read_text().splitlines()


def redeliver(folder, kind, lines, *, counts=True, end="\n"):
    """Deliver the next drop with these lines, its digests right. counts: whether its counts are right, too."""
    manifest = told(folder)
    file = entry_of(manifest, kind)
    path = folder / file["path"]
    path.write_text("\n".join(lines) + (end if lines else ""))
    file["bytes"], file["sha256"] = path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()
    if counts:
        file["records"] = manifest["counts"][kind] = len(lines)
    sign(folder, manifest)


def sign(folder, manifest):
    """Write the manifest of the next delivery, a minute after the one before."""
    manifest["serial"] += 1
    manifest["content_sha256"] = f"content of {manifest['serial']}"
    manifest["created_at"] = (timezone.now() + timedelta(minutes=manifest["serial"])).isoformat()
    (folder / "manifest.json").write_text(json.dumps(manifest))


def refused(name):
    """The reason for which a delivery is refused; what it brought before is still all there."""
    before = list(Product.objects.order_by("pk").values()), list(Category.objects.order_by("pk").values())
    cursor = FlowState.objects.get(flow=name).cursor

    run = run_flow(name, is_asked=True)

    after = list(Product.objects.order_by("pk").values()), list(Category.objects.order_by("pk").values())
    assert after == before
    assert FlowState.objects.get(flow=name).cursor == cursor
    assert (run.new, run.changed, run.removed) == (0, 0, 0)
    assert Case.objects.filter(kind="flow_broken", subject=f"flow:{name}").exists()
    return run.error


@pytest.mark.parametrize("name", ["pim.categories", "pim.content"])
@pytest.mark.parametrize("kind", ["categories", "products"])
def test_a_file_cut_before_it_was_signed_is_known_by_its_rows(drop, name, kind):
    lines = rows_of(drop, kind)
    redeliver(drop, kind, lines[: len(lines) // 2], counts=False)

    error = refused(name)

    assert f"file of {kind} holds {len(lines) // 2} rows, not {len(lines)}" in error


def test_a_file_cut_in_its_last_line_is_refused(drop):
    lines = rows_of(drop, "products")
    redeliver(drop, "products", [*lines[:-1], lines[-1][:40]], end="")

    assert "its last line has no end" in refused("pim.content")


def test_a_manifest_that_lacks_a_part_of_its_files_is_known_by_its_counts(drop):
    manifest = told(drop)
    file = entry_of(manifest, "products")
    lines = rows_of(drop, "products")
    part = drop / "drops" / "part.jsonl"
    part.write_text("\n".join(lines[:100]) + "\n")
    file |= {
        "path": "drops/part.jsonl", "records": 100, "bytes": part.stat().st_size,
        "sha256": hashlib.sha256(part.read_bytes()).hexdigest(),
    }  # fmt: skip
    sign(drop, manifest)

    assert f"holds 100 products, and its manifest counts {len(lines)}" in refused("pim.content")


@pytest.mark.parametrize("kind", ["categories", "products"])
def test_a_delivery_without_a_kind_of_file_is_refused(drop, kind):
    manifest = told(drop)
    manifest["files"] = [file for file in manifest["files"] if file["kind"] != kind]
    sign(drop, manifest)

    assert f"holds no {kind}" in refused("pim.content")


@pytest.mark.parametrize("kind", ["categories", "products"])
def test_an_empty_delivery_is_refused(drop, kind):
    redeliver(drop, kind, [])

    assert f"holds no {kind}" in refused("pim.categories")


def test_a_file_that_the_manifest_names_twice_is_refused(drop):
    manifest = told(drop)
    manifest["files"].append(entry_of(manifest, "products"))
    sign(drop, manifest)

    assert "names a file of products twice" in refused("pim.content")


def test_a_partial_delivery_hides_nothing_until_somebody_says_that_the_rest_has_ended(drop, mona):
    lines = rows_of(drop, "products")
    redeliver(drop, "products", lines[KNOWN - 6 :])

    error = refused("pim.content")

    assert "14 of 20 rows that we have are missing" in error
    assert shown() == KNOWN
    change_flow_settings("pim.content", {"most_gone": "any"}, by=mona.actor, note="The assortment shrinks")
    run = run_flow("pim.content", is_asked=True)
    assert (run.error, run.removed, shown()) == ("", 14, 6)


def test_exactly_half_may_end_at_once_and_a_few_always(drop):
    lines = rows_of(drop, "products")
    redeliver(drop, "products", lines[KNOWN // 2 :])

    run = run_flow("pim.content", is_asked=True)

    assert (run.error, run.removed, shown()) == ("", KNOWN // 2, KNOWN // 2)
    redeliver(drop, "products", lines[KNOWN - 5 :])
    assert run_flow("pim.content", is_asked=True).removed == 5


def test_a_row_that_comes_twice_is_told_and_the_later_one_counts(drop):
    lines = rows_of(drop, "products")
    again = json.loads(lines[0]) | {"name": "Told a second time"}
    redeliver(drop, "products", [*lines, json.dumps(again)])

    run = run_flow("pim.content", is_asked=True)

    assert run.seen == len(lines) + 1 == run.new + run.changed + run.same + run.rejected
    assert Product.objects.get(sku=again["sku"]).name == "Told a second time"
    row = RejectedRow.objects.get(flow="pim.content", key=again["sku"])
    assert row.reason == "It came twice in one batch; the later one was taken."
    assert shown() == KNOWN


def test_a_category_that_comes_twice_is_told_and_the_counts_add_up(drop):
    lines = rows_of(drop, "categories")
    again = json.loads(lines[0]) | {"name": "Told a second time"}
    redeliver(drop, "categories", [*lines, json.dumps(again)])

    run = run_flow("pim.categories", is_asked=True)

    assert (run.seen, run.changed, run.rejected) == (len(lines) + 1, 1, 1)
    assert Category.objects.get(pim_id=again["id"]).name == "Told a second time"
    assert RejectedRow.objects.get(flow="pim.categories").key == again["id"]


def test_a_whole_delivery_that_comes_twice_changes_nothing(drop):
    before = list(Product.objects.order_by("pk").values())
    manifest = told(drop)
    manifest["serial"] += 1
    (drop / "manifest.json").write_text(json.dumps(manifest))

    again = run_flow("pim.content", is_asked=True)

    assert (again.error, again.seen) == ("", 0)
    assert list(Product.objects.order_by("pk").values()) == before


@pytest.fixture
def whole_reading(monkeypatch):
    """Lets the flow of customers read a batch as everything that the ERP has."""

    def read(records=()):
        batch = Batch(as_of=timezone.now(), records=list(records), is_full=True)
        batch.keys = {record.number for record in records}

        def feed(reading):
            take = feeds._maybe_full(feeds.accounts.apply_customers)
            return feeds._taken(batch, take, reading, calls=1)

        return run_flow("erp.customers", is_asked=True, is_full=True, feed=feed)

    return read


def test_an_empty_reading_of_everything_is_no_answer_while_we_have_customers(whole_reading, mona):
    company = CompanyFactory()

    run = whole_reading()

    assert "is empty, and we have rows of it" in run.error
    assert FlowState.objects.get(flow="erp.customers").last_success_at is None
    company.refresh_from_db()
    assert company.status == "active"
    change_flow_settings("erp.customers", {"most_gone": "any"}, by=mona.actor, note="Begun anew")
    assert whole_reading().error == ""


def test_an_empty_reading_is_taken_where_nothing_was(whole_reading):
    Company.objects.all().delete()

    assert whole_reading().error == ""


@pytest.mark.parametrize(
    ("removed", "left", "is_refused"),
    [(5, 0, False), (6, 0, True), (6, 6, False), (7, 6, True), (200, 199, True), (199, 200, False)],
)
def test_more_than_may_end_at_once_is_taken_for_a_reading_that_was_cut_off(removed, left, is_refused):
    applied = Applied(new=1000, same=left, removed=removed)

    assert check_gone(ANY, applied) is applied
    if is_refused:
        with pytest.raises(TooMuchGone) as refusal:
            check_gone(HALF, applied)
        assert refusal.value.details == {"gone": removed, "had": removed + left}
    else:
        assert check_gone(HALF, applied) is applied
