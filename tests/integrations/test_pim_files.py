"""The PIM's drop: whole or not at all, bad rows as cases, and never an older one over a newer."""

import hashlib
import json
import shutil

import pytest
from django.utils import timezone

from catalog.models import Category, Product
from core.models import Case
from demo.pim.drop import write
from integrations.connectors.pim_files.transport import current_drop
from integrations.failures import Broken, Transient
from integrations.models import FlowState
from integrations.running import run_flow
from tests.factories.catalog import ProductFactory

pytestmark = pytest.mark.django_db
SCREW, BEARING = "4762-M8X30-88Z", "6204-2RS"


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pim")
    write(folder)
    return folder


@pytest.fixture
def drop(original, tmp_path, settings):
    """A copy of the demo company's drop, and two of its products known from the ERP."""
    folder = tmp_path / "pim"
    shutil.copytree(original, folder)
    settings.PIM_DROP = str(folder)
    for sku in (SCREW, BEARING):
        ProductFactory(sku=sku, name="", description="", category=None)
    FlowState.objects.create(flow="erp.products", last_success_at=timezone.now())
    return folder


def manifest(drop):
    return json.loads((drop / "manifest.json").read_text())


def redeliver(drop, change):
    """Deliver again with the products' lines changed, with a manifest that is right."""
    told = manifest(drop)
    file = next(f for f in told["files"] if f["kind"] == "products")
    path = drop / file["path"]
    path.write_text(change(path.read_text()))
    file["bytes"] = path.stat().st_size
    file["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    told["serial"] += 1
    told["content_sha256"] = file["sha256"]
    (drop / "manifest.json").write_text(json.dumps(told))


def run():
    first = run_flow("pim.categories", is_asked=True)
    second = run_flow("pim.content", is_asked=True)
    return first, second


@pytest.mark.req("PIM-01", "PIM-17", "INT-35")
def test_content_comes_once_and_waits_for_products_that_are_not_here_yet(drop):
    categories, content = run()
    again = run()
    run_flow("pim.content", is_asked=True, is_full=True)

    screw = Product.objects.get(sku=SCREW)
    assert categories.new == Category.objects.count() == 20
    assert (content.changed + content.new, content.rejected) == (2, 343)
    assert screw.name.startswith("Socket head cap screw")
    assert screw.category.slug == "socket-head-cap-screws"
    assert all(run.new == run.changed == 0 for run in again)
    assert not Case.objects.exists()


def test_a_drop_that_is_not_the_one_the_manifest_names_is_refused_whole(drop):
    run()
    file = next(f for f in manifest(drop)["files"] if f["kind"] == "products")
    path = drop / file["path"]
    path.write_text(path.read_text().replace("Socket head", "Something else"))
    told = manifest(drop)
    told["serial"] += 1
    told["content_sha256"] = "other"
    (drop / "manifest.json").write_text(json.dumps(told))

    failed = run_flow("pim.content", is_asked=True)

    assert "not the one that the manifest names" in failed.error
    assert Product.objects.get(sku=SCREW).name.startswith("Socket head cap screw")
    assert Case.objects.filter(kind="flow_broken", subject="flow:pim.content").exists()


def test_a_bad_line_is_a_case_and_the_others_come(drop):
    def spoil(text):
        lines = text.splitlines()
        at = next(i for i, line in enumerate(lines) if f'"{BEARING}"' in line[:60])
        row = json.loads(lines[at])
        row["name"] = ""
        lines[at] = json.dumps(row)
        lines[0] = "this is no JSON"
        return "\n".join(lines) + "\n"

    redeliver(drop, spoil)

    run()

    subjects = set(Case.objects.filter(kind="row_rejected").values_list("subject", flat=True))
    assert f"row:pim.content:{BEARING}" in subjects
    assert "row:pim.content:line 1" in subjects
    assert Product.objects.get(sku=SCREW).name.startswith("Socket head cap screw")
    assert Product.objects.get(sku=BEARING).name == ""


def test_a_drop_from_before_is_not_applied_over_a_later_one(drop):
    run()
    FlowState.objects.filter(flow="pim.content").update(cursor={"serial": 99, "content": "later"})
    Product.objects.filter(sku=SCREW).update(name="A later name")

    content = run_flow("pim.content", is_asked=True)

    assert content.seen == 0
    assert Product.objects.get(sku=SCREW).name == "A later name"


def test_no_delivery_yet_is_no_error_that_needs_a_person(tmp_path, settings):
    settings.PIM_DROP = str(tmp_path)

    with pytest.raises(Transient):
        current_drop()


@pytest.mark.parametrize(
    "told",
    [
        "nonsense",
        '{"format": "other", "format_version": 1}',
        '{"format": "nordwind-pim-drop", "format_version": 2, "serial": 1, "files": []}',
        '{"format": "nordwind-pim-drop", "format_version": 1}',
        '{"format": "nordwind-pim-drop", "format_version": 1, "serial": 1, "created_at": "2026-01-01T00:00:00Z",'
        ' "content_sha256": "x", "files": [{"kind": "products", "path": "../../etc/passwd", "bytes": 1,'
        ' "sha256": "x"}]}',
    ],
)
def test_a_manifest_that_is_not_ours_or_leads_outside_is_refused(tmp_path, settings, told):
    settings.PIM_DROP = str(tmp_path)
    (tmp_path / "manifest.json").write_text(told)

    with pytest.raises(Broken):
        current_drop()
