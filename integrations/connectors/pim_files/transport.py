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

    Raises Transient when there is none yet, Broken when it is damaged or of another format: then
    the whole drop is refused and what was applied before stays.
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
    for kind in ("categories", "products"):
        for file in drop.files.get(kind, []):
            _check(folder, file)
    return drop


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


def _check(folder: Path, file: dict[str, Any]) -> None:
    digest, size = hashlib.sha256(), 0
    try:
        with _path(folder, file["path"]).open("rb") as data:
            while part := data.read(1 << 20):
                digest.update(part)
                size += len(part)
    except OSError:
        raise Broken(f"The PIM's delivery lacks its file of {file['kind']}.") from None
    if size != file["bytes"] or digest.hexdigest() != file["sha256"]:
        raise Broken(f"The PIM's file of {file['kind']} is not the one that the manifest names.")


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
