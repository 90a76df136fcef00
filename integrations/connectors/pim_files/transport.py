"""The drop on disk: its manifest, and its files held against the digests that the manifest states."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from integrations.failures import Broken, Transient

FORMAT, FORMAT_VERSION = "nordwind-pim-drop", 1
KINDS = ("categories", "products")


@dataclass(frozen=True)
class Drop:
    """A complete delivery. content: equal for two drops of equal content."""

    folder: Path
    serial: int
    created_at: datetime
    content: str
    files: dict[str, list[dict[str, Any]]]


def current_drop() -> Drop:
    """The drop that the manifest names, its data files checked; pictures are checked when served.

    Raises Transient when there is none yet, Broken when it is damaged, cut off before it was signed,
    without products or categories, or of another format: then the whole drop is refused and what was
    applied before stays.
    """
    folder = Path(settings.PIM_DROP)
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Transient("The PIM has delivered nothing yet.") from None
    except (OSError, ValueError):
        raise Broken("The manifest of the PIM's delivery cannot be read.") from None
    try:
        drop = _drop(folder, manifest)
    except (KeyError, TypeError, ValueError):
        raise Broken("The manifest of the PIM's delivery lacks something.") from None
    for kind in KINDS:
        _check_kind(drop, kind, manifest.get("counts", {}).get(kind))
    return drop


def _check_kind(drop: Drop, kind: str, count: int | None) -> None:
    """Hold the files of a kind against the manifest: each once, whole, and together as many rows as counted."""
    files = drop.files.get(kind, [])
    if len({file["path"] for file in files}) < len(files):
        raise Broken(f"The PIM's manifest names a file of {kind} twice.")
    rows = sum(_check(drop.folder, file) for file in files)
    if not rows:
        raise Broken(f"The PIM's delivery holds no {kind}.")
    if count is not None and rows != count:
        raise Broken(f"The PIM's delivery holds {rows} {kind}, and its manifest counts {count}.")


def _drop(folder: Path, manifest: dict[str, Any]) -> Drop:
    if manifest["format"] != FORMAT or manifest["format_version"] != FORMAT_VERSION:
        raise Broken("The PIM delivers a format that is not known here.")
    files: dict[str, list[dict[str, Any]]] = {}
    for file in manifest["files"]:
        files.setdefault(file["kind"], []).append(file)
    return Drop(
        folder=folder,
        serial=int(manifest["serial"]),
        created_at=datetime.fromisoformat(manifest["created_at"].replace("Z", "+00:00")),
        content=manifest["content_sha256"],
        files=files,
    )


def _path(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise Broken("The PIM's manifest names a file outside of its delivery.")
    return path


def _check(folder: Path, file: dict[str, Any]) -> int:
    """How many rows a file holds, once it is the one that the manifest names."""
    digest, size, rows, last = hashlib.sha256(), 0, 0, b"\n"
    try:
        with _path(folder, file["path"]).open("rb") as data:
            while part := data.read(1 << 20):
                digest.update(part)
                size += len(part)
                rows += part.count(b"\n")
                last = part[-1:]
    except OSError:
        raise Broken(f"The PIM's delivery lacks its file of {file['kind']}.") from None
    if size != file["bytes"] or digest.hexdigest() != file["sha256"]:
        raise Broken(f"The PIM's file of {file['kind']} is not the one that the manifest names.")
    if last != b"\n":
        raise Broken(f"The PIM's file of {file['kind']} is cut off: its last line has no end.")
    if rows != file.get("records", rows):
        raise Broken(
            f"The PIM's file of {file['kind']} holds {rows} rows, not {file['records']} as the manifest says."
        )
    return rows


def lines_of(drop: Drop, kind: str) -> Iterator[dict[str, Any]]:
    """The objects in the files of a kind, one per line, streamed. A bad line is {"line": number}."""
    for file in drop.files.get(kind, []):
        with _path(drop.folder, file["path"]).open(encoding="utf-8") as data:
            for number, line in enumerate(data, 1):
                try:
                    found = json.loads(line)
                except ValueError:
                    found = None
                yield found if isinstance(found, dict) else {"line": number}
