"""Whatever the API answers in these tests is held against its published description."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator

DESCRIPTION = json.loads((Path(__file__).parents[2] / "docs/contracts/openapi.json").read_text())
PATHS = {
    re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + "$"): operations
    for path, operations in DESCRIPTION["paths"].items()
}


def operation_of(request: dict[str, Any]) -> dict[str, Any] | None:
    """The described operation that a request asks for; None for what is none of the API's."""
    method = request["REQUEST_METHOD"].lower()
    found = (operations.get(method) for path, operations in PATHS.items() if path.match(request["PATH_INFO"]))
    return next(found, None)


def check(operation: dict[str, Any], answer: Any) -> None:
    """Hold an answer against its description: status, media type, body."""
    assert str(answer.status_code) in operation["responses"], (operation["operationId"], answer.status_code)
    told = operation["responses"][str(answer.status_code)]["content"]
    media = answer["Content-Type"].partition(";")[0]
    assert media in told, (operation["operationId"], media)
    schema = {**told[media]["schema"], "components": DESCRIPTION["components"]}
    wrong = [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(schema).iter_errors(answer.json())
    ]
    assert wrong == [], operation["operationId"]


@pytest.fixture(autouse=True)
def as_described(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The operations that were asked for and answered as described."""
    seen: list[str] = []
    ask = Client.request

    def asked(self: Client, **request: Any) -> Any:
        answer = ask(self, **request)
        operation = operation_of(request)
        if operation is not None:
            check(operation, answer)
            seen.append(operation["operationId"])
        return answer

    monkeypatch.setattr(Client, "request", asked)
    return seen
