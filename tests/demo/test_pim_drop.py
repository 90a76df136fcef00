"""The PIM's drop is whole, verifiable, idempotent, and its pictures are safe to show."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest

from demo.pim import content, drop
from demo.pim.edits import Edit, UnknownField


def rows(folder, kind):
    manifest = json.loads((folder / "manifest.json").read_text())
    (entry,) = [file for file in manifest["files"] if file["kind"] == kind]
    return [json.loads(line) for line in (folder / entry["path"]).read_text().splitlines()]


def test_a_written_drop_passes_its_own_check(tmp_path):
    written = drop.write(tmp_path)

    assert written["written"] is True
    assert drop.check(tmp_path)["products"] == written["products"] == len(rows(tmp_path, "products"))


def test_the_same_content_is_not_delivered_twice_unless_asked_for(tmp_path):
    drop.write(tmp_path)
    before = (tmp_path / "manifest.json").read_bytes()

    again = drop.write(tmp_path)

    assert (again["written"], again["serial"]) == (False, 1)
    assert (tmp_path / "manifest.json").read_bytes() == before
    assert drop.write(tmp_path, force=True)["serial"] == 2


def test_a_drop_that_breaks_off_leaves_the_last_one_in_force(tmp_path, monkeypatch):
    drop.write(tmp_path)
    put = drop._put

    def full_disk(path, data):
        if path.name == "manifest.json":
            raise OSError("No space left on device")
        put(path, data)

    monkeypatch.setattr(drop, "_put", full_disk)
    with pytest.raises(OSError, match="No space"):
        drop.write(tmp_path, force=True)

    assert drop.check(tmp_path)["serial"] == 1


@pytest.mark.parametrize("kind", ["products", "media"])
def test_a_damaged_file_is_named(tmp_path, kind):
    drop.write(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    path = next(file["path"] for file in manifest["files"] if file["kind"] == kind)
    (tmp_path / path).write_bytes((tmp_path / path).read_bytes()[:-7])

    with pytest.raises(drop.BrokenDrop) as refusal:
        drop.check(tmp_path)

    assert path in str(refusal.value)


def test_what_editors_change_is_in_the_next_drop_and_nothing_else(tmp_path):
    drop.write(tmp_path)
    before = {row["sku"]: row for row in rows(tmp_path, "products")}

    drop.write(tmp_path, edits=[Edit("6204-2RS", "packaging.XBX", "Tray of ten")], without=["471-20X1.2"])

    after = {row["sku"]: row for row in rows(tmp_path, "products")}
    changed = {sku for sku, row in after.items() if row != before[sku]}
    assert drop.check(tmp_path)["serial"] == 2
    assert set(before) - set(after) == {"471-20X1.2"}
    assert {pack["unit_code"]: pack["text"] for pack in after["6204-2RS"]["packaging"]}[
        "XBX"
    ] == "Tray of ten"
    assert changed == {
        sku for sku, row in before.items() if "471-20X1.2" in [r["sku"] for r in row["relations"]]
    }


@pytest.mark.parametrize(
    ("sku", "field"), [("6204-2RS", "price"), ("6204-2RS", "packaging.XXX"), ("NOPE", "name")]
)
def test_an_edit_that_hits_nothing_is_refused_and_nothing_is_delivered(tmp_path, sku, field):
    with pytest.raises(UnknownField):
        drop.write(tmp_path, edits=[Edit(sku, field, "text")])

    assert list(tmp_path.iterdir()) == []


def test_two_drops_are_kept_and_older_ones_go(tmp_path):
    for _ in range(4):
        drop.write(tmp_path, force=True)

    assert sorted(path.name for path in (tmp_path / "drops").iterdir()) == ["00003", "00004"]
    assert drop.check(tmp_path)["serial"] == 4


def test_a_folder_of_another_format_is_refused_and_left_alone(tmp_path):
    (tmp_path / "manifest.json").write_text('{"format": "something-else"}')

    with pytest.raises(drop.BrokenDrop):
        drop.write(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_references_inside_a_drop_lead_somewhere(tmp_path):
    drop.write(tmp_path)
    categories = rows(tmp_path, "categories")
    products = rows(tmp_path, "products")
    skus = {product["sku"] for product in products}

    seen = set()
    for category in categories:
        assert category["parent"] is None or category["parent"] in seen
        seen.add(category["id"])
    for product in products:
        assert product["category"] in seen
        assert all(relation["sku"] in skus for relation in product["relations"])
        assert [media["role"] for media in product["media"]] == ["drawing", "thumbnail"]
        assert all((tmp_path / media["path"]).is_file() for media in product["media"])


def every_picture():
    return [picture for pair in content.pictures().values() for picture in pair]


def test_a_picture_is_well_formed_and_holds_nothing_that_runs_or_loads():
    for picture in every_picture():
        svg = picture.data.decode()
        root = ElementTree.fromstring(svg)  # noqa: S314 - our own output

        assert root.get("viewBox") == f"0 0 {picture.width} {picture.height}"
        names = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert names <= {"svg", "title", "g", "path", "circle", "text"}
        for element in root.iter():
            assert not {
                name for name in element.attrib if name.startswith("on") or "href" in name or name == "style"
            }
        assert "url(" not in svg


def test_what_is_drawn_stays_on_the_sheet():
    for picture in every_picture():
        root = ElementTree.fromstring(picture.data.decode())  # noqa: S314 - our own output
        for element in root.iter():
            if element.tag.endswith("circle"):
                x, y, r = (float(element.get(name)) for name in ("cx", "cy", "r"))
                assert r <= x <= picture.width - r
                assert r <= y <= picture.height - r
            elif element.tag.endswith("text"):
                assert 8 <= float(element.get("x")) <= picture.width - 8
                assert 8 <= float(element.get("y")) <= picture.height - 4
            elif element.tag.endswith("path"):
                for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", element.get("d")):
                    assert 0 <= float(x) <= picture.width
                    assert 0 <= float(y) <= picture.height


def test_pictures_are_drawn_to_scale():
    root = ElementTree.fromstring(content.pictures()["iso-7089-8"][0].data.decode())  # noqa: S314

    outside, hole = sorted((float(e.get("r")) for e in root.iter() if e.tag.endswith("circle")), reverse=True)

    assert hole / outside == pytest.approx(8.4 / 16, rel=0.01)
