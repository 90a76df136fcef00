"""A long job that keeps rows or tables locked."""

from __future__ import annotations

import json
import time

from demo.erp.databases import ScenarioError
from demo.erp.lookups import sale_of


def hold_lock(seconds: float = 5, sale: str | None = None, table: str | None = None) -> dict:
    """Keep the row of a sale or a whole table locked for a while; prints {"locked": ...} when it is."""
    from proteus.config import get_config
    from trytond.transaction import Transaction

    if not (sale or table):
        raise ScenarioError("Name what to lock: --sale or --table.")
    config = get_config()
    record_id = sale_of(sale).id if sale else None
    with Transaction().start(config.database_name, config.user) as transaction:
        if record_id:
            transaction.database.lock_records(transaction.connection, "sale_sale", [record_id])
        else:
            transaction.database.lock(transaction.connection, table)
        print(json.dumps({"locked": sale or table}), flush=True)
        time.sleep(float(seconds))
        transaction.rollback()
    return {"released": sale or table}
