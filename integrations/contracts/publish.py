"""The contracts as files for other people's programs: JSON Schema, AsyncAPI and OpenAPI (INT-12)."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from pydantic.json_schema import models_json_schema

from integrations.contracts.registry import IN, OUT, TOLD, Contract, contracts
from integrations.dispatch import DESTINATIONS, ROUTES
from integrations.flows import FLOWS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = "docs/contracts"
Json = dict[str, Any]


def place() -> Path:
    """The folder in which the contracts are published."""
    return Path(settings.BASE_DIR) / FOLDER


def published() -> dict[str, str]:
    """{name of the file: what stands in it} of all contracts but the REST API's."""
    found = {f"{name}.schema.json": _text(schema_of(one)) for name, one in contracts().items()}
    return {**found, "asyncapi.json": _text(asyncapi())}


def schema_of(contract: Contract) -> Json:
    """The JSON Schema of a contract, as its records are written; figures are texts with a decimal point."""
    schema = contract.record.model_json_schema(mode="serialization")
    return {"$schema": DIALECT, "$id": f"urn:accord:contract:{contract.name}:{contract.version}", **schema}


def asyncapi() -> Json:
    """All messages in and out as one AsyncAPI 3.0 document."""
    used = contracts()
    _, shared = models_json_schema(
        [(one.record, "serialization") for one in used.values()], ref_template="#/components/schemas/{model}"
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Accord",
            "version": "1.0.0",
            "description": "What the portal takes from ERP and PIM, and what it tells of orders, quotes and invoices.",
        },
        "defaultContentType": "application/json",
        "channels": {
            name: {
                "address": name,
                "messages": {"payload": {"$ref": f"#/components/messages/{name}"}},
                "description": _where(one),
            }
            for name, one in used.items()
        },
        "operations": {
            f"{'take' if one.way == IN else 'tell'} {name}": {
                "action": "receive" if one.way == IN else "send",
                "channel": {"$ref": f"#/channels/{name}"},
                "description": one.manners,
            }
            for name, one in used.items()
        },
        "components": {
            "messages": {name: _message(one) for name, one in used.items()},
            "schemas": dict(sorted(shared["$defs"].items())),
        },
    }


def _message(one: Contract) -> Json:
    told: Json = {
        "name": one.name,
        "title": one.record.__name__,
        "summary": (one.record.__doc__ or "").strip().partition("\n")[0],
        "payload": {"$ref": f"#/components/schemas/{one.record.__name__}"},
        "x-version": one.version,
    }
    if one.deprecated_on:
        told["x-deprecated-on"] = one.deprecated_on.isoformat()
    if one.sunset_on:
        told["x-sunset-on"] = one.sunset_on.isoformat()
    return told


def _where(one: Contract) -> str:
    """The flows that carry a contract, or the places an event goes to."""
    if one.way == TOLD:
        names = [DESTINATIONS[name].name for name in ROUTES.get(one.name, ()) if name in DESTINATIONS]
        return f"To: {', '.join(names)}." if names else "Kept in the event log."
    flows = [flow.name for flow in FLOWS.values() if one.record in flow.contract]
    way = "From" if one.way != OUT else "To"
    return f"{way} the flows {', '.join(sorted(flows))}." if flows else f"{way} the ERP."


def _text(document: Json) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def differing(wanted: dict[str, str]) -> list[str]:
    """The files that are missing, out of date or left over, by name."""
    folder = place()
    there = {path.name: path.read_text() for path in folder.glob("*.json")} if folder.is_dir() else {}
    names = wanted.keys() | there.keys()
    return sorted(name for name in names if wanted.get(name) != there.get(name))


def write(wanted: dict[str, str]) -> list[str]:
    """Bring the files up to date; tell which were changed."""
    changed, folder = differing(wanted), place()
    folder.mkdir(parents=True, exist_ok=True)
    for name in changed:
        if name in wanted:
            (folder / name).write_text(wanted[name])
        else:
            (folder / name).unlink()
    return changed
