"""Prices and stock out of a supplier's file."""

from datetime import datetime

from catalog.records import StockRecord
from integrations.batches import Batch, PriceBatch
from integrations.connectors.supplier_files.mapping import Format
from integrations.connectors.supplier_files.transport import Row, delivery, rows_of


def read_prices(name: str, form: Format, *, as_of: datetime | None) -> PriceBatch:
    """The prices of a file. as_of: by the supplier's clock; None: when the file was written.

    Raises Broken when the file is not to be used at all.
    """
    found = delivery(name, form)
    batch = PriceBatch(as_of=as_of or found.saved_at)
    batch.take(rows_of(found, form), key=lambda row: _key(name, row), record=form.price)
    batch.keys |= {f"{one.price_list_code}/{one.sku}/{one.min_quantity}" for one in batch.records}
    if form.is_whole and form.list is not None and batch.records:
        batch.full_lists = {form.list.code}
    return batch


def read_stock(name: str, form: Format, *, as_of: datetime | None) -> Batch[StockRecord]:
    """The stock of a file, as `read_prices`."""
    found = delivery(name, form)
    batch: Batch[StockRecord] = Batch(as_of=as_of or found.saved_at)
    moment = batch.as_of
    batch.take(
        rows_of(found, form),
        key=lambda row: _key(name, row),
        record=lambda row: form.stock(row, as_of=moment),
    )
    batch.keys |= {f"{one.sku}/{one.warehouse_code}" for one in batch.records}
    return batch


def _key(name: str, row: Row) -> str:
    return f"{name}:{row['line']}"
