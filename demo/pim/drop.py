"""Writing and checking a drop: all files first, the manifest last and at once."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from demo.pim import content
from demo.pim.edits import Edit, edited

FORMAT = "nordwind-pim-drop"
FORMAT_VERSION = 1
KEPT_DROPS = 2


class BrokenDrop(Exception):
    """The folder holds no whole drop; the message says which file is wrong."""


def write(
    folder: Path, *, force: bool = False, edits: Sequence[Edit] = (), without: Collection[str] = ()
) -> dict[str, Any]:
    """Write the generated catalogue as the next drop and return what was done.

    edits: what editors changed for this drop. without: item numbers that left the PIM. Nothing is written when the
    newest drop has the same content, unless forced. Raises UnknownField for an edit that hits nothing.
    """
    rows = {
        "categories": content.category_rows(),
        "products": edited(content.product_rows(), edits, without),
    }
    pictures = [picture for pair in content.pictures().values() for picture in pair]
    before = _manifest_or_none(folder)
    serial = (before["serial"] if before else 0) + 1

    tables = {kind: "".join(_line(row) for row in found).encode() for kind, found in rows.items()}
    files = [
        _entry(f"drops/{serial:05d}/{kind}.jsonl", kind, data, len(rows[kind]))
        for kind, data in tables.items()
    ]
    files += [_entry(picture.path, "media", picture.data) for picture in pictures]
    digest = sha256("".join(f"{f['kind']} {f['sha256']}\n" for f in files).encode()).hexdigest()
    counts = {**{kind: len(found) for kind, found in rows.items()}, "media": len(pictures)}
    if before and before["content_sha256"] == digest and not force:
        return {"serial": before["serial"], "written": False, **counts}

    for kind, data in tables.items():
        _put(folder / f"drops/{serial:05d}/{kind}.jsonl", data)
    for picture in pictures:
        # A media file's name carries its digest: what is there is the same.
        if not (folder / picture.path).exists():
            _put(folder / picture.path, picture.data)
    manifest = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "serial": serial,
        "created_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "content_sha256": digest,
        "language": "en",
        "counts": counts,
        "files": files,
    }
    document = (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode()
    # The copy beside the tables is what pruning reads; the one at the top is what announces the drop.
    _put(folder / f"drops/{serial:05d}/manifest.json", document)
    _put(folder / "manifest.json", document)
    _prune(folder)
    return {"serial": serial, "written": True, **counts}


def check(folder: Path) -> dict[str, Any]:
    """Verify the newest drop as a reader would and return its counts.

    Raises BrokenDrop naming the first file that is missing or differs from the manifest.
    """
    manifest = _manifest_or_none(folder)
    if manifest is None:
        raise BrokenDrop(f"{folder} has no manifest.json: write a drop first.")
    for entry in manifest["files"]:
        path = folder / entry["path"]
        if not path.is_file():
            raise BrokenDrop(f"{entry['path']} is missing.")
        data = path.read_bytes()
        if len(data) != entry["bytes"] or sha256(data).hexdigest() != entry["sha256"]:
            raise BrokenDrop(f"{entry['path']} differs from the manifest.")
        lines = data.count(b"\n")
        if entry.get("records", lines) != lines:
            raise BrokenDrop(f"{entry['path']} has {lines} lines, not {entry['records']}.")
    return {"serial": manifest["serial"], "created_at": manifest["created_at"], **manifest["counts"]}


def _line(row: content.Row) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def _entry(path: str, kind: str, data: bytes, records: int | None = None) -> dict[str, Any]:
    counted = {} if records is None else {"records": records}
    return {"path": path, "kind": kind, **counted, "bytes": len(data), "sha256": sha256(data).hexdigest()}


def _put(path: Path, data: bytes) -> None:
    """Write beside and rename, so that a reader sees the whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}.part")
    with half.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(half, path)


def _manifest_or_none(folder: Path) -> dict[str, Any] | None:
    path = folder / "manifest.json"
    if not path.exists():
        return None
    manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if manifest.get("format") != FORMAT or manifest.get("format_version") != FORMAT_VERSION:
        raise BrokenDrop(f"{path} is not a manifest of this format: choose an empty folder.")
    return manifest


def _prune(folder: Path) -> None:
    """Remove drops but the newest two, and the media that neither of these names."""
    drops = sorted(path for path in (folder / "drops").iterdir() if path.name.isdigit())
    for path in drops[:-KEPT_DROPS]:
        shutil.rmtree(path)
    named: set[str] = set()
    for path in drops[-KEPT_DROPS:]:
        manifest = path / "manifest.json"
        if manifest.exists():
            named.update(entry["path"] for entry in json.loads(manifest.read_text("utf-8"))["files"])
    for path in (folder / "media").iterdir():
        if f"media/{path.name}" not in named:
            path.unlink()
