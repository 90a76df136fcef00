"""A supplier's file on disk: whole and in the encoding that was agreed, or not taken at all."""

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from integrations.connectors.supplier_files.mapping import Format
from integrations.failures import Broken

Row = dict[str, Any]


@dataclass(frozen=True)
class Delivery:
    """A file that is whole. saved_at: when it was written, by the clock of its disk."""

    name: str
    text: str
    saved_at: datetime


def delivery(name: str, form: Format) -> Delivery:
    """A file of the drop folder, checked as a whole.

    Raises Broken when it is not there, too large, cut off, or not in the encoding of its format.
    """
    path = _path(name)
    try:
        size, saved = path.stat().st_size, path.stat().st_mtime
        if size > form.most_bytes:
            raise Broken(f"{name} has {size} bytes; at most {form.most_bytes} are agreed.")
        data = path.read_bytes()
        told = path.with_name(f"{path.name}.sha256").read_text("ascii") if form.has_digest else ""
    except FileNotFoundError as error:
        raise Broken(f"{Path(str(error.filename)).name} is not in the suppliers' folder.") from None
    except (OSError, UnicodeDecodeError):
        raise Broken(f"{name} cannot be read.") from None
    if form.has_digest and told.split()[:1] != [hashlib.sha256(data).hexdigest()]:
        raise Broken(f"{name} is not the file that its digest names: it is cut off or was changed.")
    return Delivery(name, _decoded(name, data, form), datetime.fromtimestamp(saved, UTC))


def _path(name: str) -> Path:
    folder = Path(settings.SUPPLIER_DROP).resolve()
    path = (folder / name).resolve()
    if not path.is_relative_to(folder):
        raise Broken(f"{name} is outside of the suppliers' folder.")
    return path


def _decoded(name: str, data: bytes, form: Format) -> str:
    try:
        text = data.decode(form.encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Broken(f"{name} is not written in {form.encoding}: see line {line}.") from None
    # Every byte is a letter of some kind in these: they take UTF-8 without complaint, and garble it.
    if form.is_single_byte and not data.isascii() and _is_utf8(data):
        raise Broken(f"{name} is written in utf-8, not in {form.encoding}.")
    if "\x00" in text:
        raise Broken(f"{name} is not a text.")
    if not text.endswith("\n"):
        raise Broken(f"{name} is cut off: its last line has no end.")
    return text


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def rows_of(found: Delivery, form: Format) -> Iterator[Row]:
    """The lines of a file by the names of its columns, as text, each with its number as `line`.

    A line with more or fewer fields than the heading is {"line": number, "fields": how many}.
    Raises Broken, before the first row where that can be seen, when a column is missing or the file
    is cut off inside a line or before its closing line.
    """
    reader = csv.reader(io.StringIO(found.text, newline=""), delimiter=form.delimiter, strict=True)
    try:
        heading = [name.strip() for name in next(reader, [])]
        _check_heading(found.name, heading, form)
        count, is_closed = 0, not form.closing
        for fields in reader:
            if not fields:
                continue
            if is_closed and form.closing:
                raise Broken(f"{found.name} goes on after its closing line.")
            if form.closing and fields[0].strip() == form.closing:
                is_closed = True
                _check_closing(found.name, fields, count)
                continue
            count += 1
            if len(fields) == len(heading):
                yield {**dict(zip(heading, fields, strict=True)), "line": reader.line_num}
            else:
                yield {"line": reader.line_num, "fields": len(fields)}
    except csv.Error:
        raise Broken(f"{found.name} is cut off or damaged: see line {reader.line_num}.") from None
    if not is_closed:
        raise Broken(f"{found.name} is cut off: its closing line {form.closing} is missing.")


def _check_heading(name: str, heading: list[str], form: Format) -> None:
    missing = [column for column in form.columns if column not in heading]
    if missing:
        raise Broken(f"{name} lacks the columns {', '.join(missing)}.")
    if twice := sorted({column for column in heading if heading.count(column) > 1}):
        raise Broken(f"{name} has the columns {', '.join(twice)} more than once.")


def _check_closing(name: str, fields: list[str], count: int) -> None:
    if fields[1:2] != [str(count)]:
        raise Broken(f"{name} has {count} rows, and its closing line tells another number.")
