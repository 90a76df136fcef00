#!/usr/bin/env python3
"""A real Tryton 8.2 with a demo company: prepare it, serve it, act as its staff.

    tryton_erp.py init                     build the template database once, clone it to --db
    tryton_erp.py serve --port 8069        run the trytond server (foreground)
    tryton_erp.py reset                    clone --db from the template anew
    tryton_erp.py drop                     remove --db
    tryton_erp.py info                     print ids, codes and credentials as JSON
    tryton_erp.py scenario NAME [options]  act as the ERP's own staff
    tryton_erp.py scenario batch           read one JSON object per line on stdin:
                                           {"scenario": "ship", "sale": "SO-000002", "fraction": 0.5}

The databases live on SQLite (under --state) or, with --uri, on PostgreSQL. Results are printed as one JSON object
on stdout; failures end with exit code 1 and the reason on stderr. See README.md beside this file.

Copyright (C) the Accord authors. This program imports Tryton and is therefore under the GNU General Public License,
version 3 or later: see LICENSE. It runs as a process of its own and shares no code with the product.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from demo.erp.databases import ADMIN, PORTAL, REST_KEY, Databases, ScenarioError, activate, staff
from demo.erp.scenarios import SCENARIOS, play

SEED_VERSION = 13  # raise it when the seed or the module changes: init then builds a new template


def template_name() -> str:
    """The name of the template database: one per version of the seed and per year, as fiscal years are in it."""
    return f"erp_template_v{SEED_VERSION}_{time.localtime().tm_year}"


def command_init(databases: Databases, options: argparse.Namespace) -> dict:
    """Build the template when it is missing, clone it when the database is missing."""
    template, started = template_name(), time.monotonic()
    with databases.alone():
        if options.rebuild:
            databases.drop(template)
        built = not databases.exists(template)
        if built:
            build(databases, template)
        cloned = not databases.exists(options.db)
        if cloned:
            databases.create(options.db, template)
    return {
        "database": options.db,
        "template": template,
        "template_built": built,
        "cloned": cloned,
        "seconds": round(time.monotonic() - started, 2),
    }


def build(databases: Databases, template: str) -> None:
    """Build the template under another name: an interrupted init never leaves a half-made one."""
    work = f"{template}_work"
    databases.drop(work)
    databases.create(work)
    progress("Installing Tryton's modules ...")
    activate(work)
    progress("Entering the demo company's master data ...")
    # A child process, so that no connection stays open on what becomes the template.
    subprocess.run(
        [
            *(sys.executable, __file__, "--state", str(databases.state)),
            *("--uri", databases.uri, "--db", work, "seed"),
        ],
        stdout=sys.stderr,
        check=True,
    )
    databases.create(template, work)
    databases.drop(work)


def progress(text: str) -> None:
    """Say on stderr what takes long."""
    print(text, file=sys.stderr, flush=True)


def command_seed(databases: Databases, options: argparse.Namespace) -> None:
    """Fill an empty database (init calls it)."""
    from demo.erp.seed import seed

    with staff(options.db) as config:
        seed(config)


def command_reset(databases: Databases, options: argparse.Namespace) -> dict:
    """Clone the database from the template anew."""
    started = time.monotonic()
    if not databases.exists(template_name()):
        raise SystemExit("error: there is no template database yet, run init first")
    databases.drop(options.db)
    databases.create(options.db, template_name())
    return {"database": options.db, "seconds": round(time.monotonic() - started, 2)}


def command_drop(databases: Databases, options: argparse.Namespace) -> dict:
    """Remove a database."""
    databases.drop(options.db)
    return {"dropped": options.db}


def command_serve(databases: Databases, options: argparse.Namespace) -> None:
    """Serve until a signal ends it."""
    from demo.erp.serving import die_with_parent, serve

    if options.die_with_parent:
        die_with_parent(options.parent)
    serve(databases, options.db, options.host, options.port)


def command_info(databases: Databases, options: argparse.Namespace) -> dict:
    """Ids, codes and credentials of a database."""
    from proteus import Model

    with staff(options.db) as config:

        def rows(model: str, fields: list[str], domain: tuple = ()) -> list[dict]:
            found = Model.get(model)._proxy.search_read(
                list(domain), 0, None, [("id", "ASC")], fields, config.context
            )
            names = ["id", *fields]
            return [{n: str(v) if isinstance(v := row[n], Decimal) else v for n in names} for row in found]

        return {
            "database": options.db,
            "company": config.context.get("company"),
            "admin": ADMIN,
            "portal": PORTAL,
            "rest_key": REST_KEY,
            "customers": rows(
                "party.party",
                ["code", "name", "sale_price_list", "credit_limit_amount", "credit_amount"],
                (("code", "like", "C%"),),
            ),
            "addresses": rows(
                "party.address", ["party", "rec_name", "delivery", "invoice"], (("party.code", "like", "C%"),)
            ),
            "products": len(rows("product.product", ["code"])),
            "uoms": rows("product.uom", ["symbol", "factor"], (("category.name", "=", "Units"),)),
            "warehouses": rows(
                "stock.location", ["code", "name", "storage_location"], (("type", "=", "warehouse"),)
            ),
            "price_lists": rows("product.price_list", ["name"]),
            "payment_terms": rows("account.invoice.payment_term", ["name"]),
        }


def command_scenario(databases: Databases, options: argparse.Namespace) -> dict | None:
    """Play one scenario, or many from stdin."""
    if not databases.exists(options.db):
        raise SystemExit(f"error: there is no database {options.db}, run init first")
    with staff(options.db):
        if options.name != "batch":
            return play(options.name, **options.arguments)
        print(json.dumps({"ready": options.db, "pid": os.getpid()}), flush=True)
        for line in filter(None, map(str.strip, sys.stdin)):
            print(json.dumps(answer(line), default=str), flush=True)
    return None


def answer(line: str) -> dict:
    """Play one line of a batch: {"ok": result} or {"error": reason}; a failure never ends the batch."""
    try:
        arguments = json.loads(line)
        return {"ok": play(arguments.pop("scenario", ""), **arguments)}
    except (ScenarioError, ValueError) as error:
        return {"error": str(error)}
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the next line gets its answer
        return {"error": f"{type(error).__name__}: {error}"}


def parse_arguments(words: list[str]) -> dict:
    """Read --sale 2 --fraction 0.5 --line 6204-2RS=3 as {'sale': '2', 'fraction': 0.5, 'lines': ...}."""
    numbers = {
        "fraction": float,
        "seconds": float,
        "quantity": float,
        "minimum": float,
        "step": float,
        "count": int,
        "invoice-id": int,
        "active": int,
    }
    arguments: dict = {}
    words = list(words)
    while words:
        name = words.pop(0)
        if not name.startswith("--") or not words:
            raise SystemExit(f"error: expected --name value, not {name!r}")
        name, value = name[2:], words.pop(0)
        if name == "line":
            code, _, quantity = value.partition("=")
            arguments.setdefault("lines", {})[code] = float(quantity)
        else:
            arguments[name.replace("-", "_")] = numbers.get(name, str)(value)
    return arguments


def main(argv: list[str] | None = None) -> None:
    """Read the command line and print the result as one JSON object."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--state", default=os.environ.get("ERP_STATE", "var/erp"), help="the folder of the SQLite databases"
    )
    parser.add_argument(
        "--uri",
        default=os.environ.get("TRYTOND_DATABASE_URI"),
        help="a PostgreSQL server, without database name",
    )
    parser.add_argument("--db", default=os.environ.get("ERP_DB", "erp"))
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser("init", help="build the template once, clone it")
    init.add_argument("--rebuild", action="store_true", help="build the template anew")
    serve = commands.add_parser("serve", help="run the server")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8069)
    serve.add_argument("--die-with-parent", action="store_true", help="end when the starting process ends")
    for name in ("reset", "drop", "info", "seed"):
        commands.add_parser(name)
    scenario = commands.add_parser("scenario", help="act as the ERP's staff")
    scenario.add_argument("name", choices=[*SCENARIOS, "batch"])
    options, rest = parser.parse_known_args(argv)
    if rest and options.command != "scenario":
        parser.error(f"unknown arguments: {rest}")
    options.parent = os.getppid()
    options.arguments = parse_arguments(rest)
    databases = Databases(options.state, options.uri)
    try:
        result = globals()[f"command_{options.command}"](databases, options)
    except ScenarioError as error:
        raise SystemExit(f"error: {error}") from error
    if result is not None:
        print(json.dumps(result, default=str, ensure_ascii=False))


if __name__ == "__main__":
    main()
