"""How the API is described for other people's programs: OpenAPI 3.1, made from the serializers (INT-12, INT-57)."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.api.problems import TYPE
from portal.api.v1.serializers import OrderDetailOutput, OrderOutput, ProductOutput

REFUSALS = {
    400: "The request cannot be read, or a field of it is not valid.",
    403: "Not signed in, or without the right to do this.",
    404: "There is no such thing for the company that is acted for.",
    409: "It is not in a state in which this can be done.",
    422: "Understood and refused: `code` says why, `details` name the fields.",
}
PAGING = (
    OpenApiParameter(
        "limit", OpenApiTypes.INT, description="How many at once: 50 unless given, 200 at most."
    ),
    OpenApiParameter(
        "cursor", OpenApiTypes.STR, description="Where to go on; take the address in `next` as it is."
    ),
)
SEARCH = OpenApiParameter("q", OpenApiTypes.STR, description="What is looked for; all products without it.")
IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description=(
        "Names this order, up to 40 characters. The same key with the same body answers the same order, however "
        "often it is sent; with another body it is refused as `key_reused`."
    ),
)


class ProblemOutput(serializers.Serializer):
    """A refusal (RFC 9457). code: stable, for programs. detail: for people. details: data about it."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    details = serializers.DictField()


class _Page(serializers.Serializer):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class ProductPage(_Page):
    """Some products, and the addresses of the pages before and after."""

    results = ProductOutput(many=True)


class OrderPage(_Page):
    """Some orders, and the addresses of the pages before and after."""

    results = OrderOutput(many=True)


OrderDetailPage = type(
    "OrderDetail",
    (OrderOutput,),
    {
        "__doc__": "All that is known of an order.",
        # `OrderDetailOutput` puts the order's own fields at the top.
        **{name: field for name, field in OrderDetailOutput._declared_fields.items() if name != "order"},
    },
)


def described(
    name: str,
    answers: Any,
    *,
    status: int = 200,
    refusals: Iterable[int] = (403,),
    parameters: Iterable[Any] = (),
    request: Any = None,
) -> Any:
    """Describe an operation. name: of the operation. answers: what it answers with `status`."""
    told: dict[Any, Any] = {status: answers}
    for refusal in refusals:
        told[(refusal, TYPE)] = ProblemOutput
    return extend_schema(
        operation_id=name, responses=told, parameters=list(parameters), request=request, tags=["v1"]
    )


def _completed(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say of each refusal what it means; the generator knows the shape alone."""
    for path in result["paths"].values():
        for operation in path.values():
            for status, answer in operation.get("responses", {}).items():
                answer["description"] = REFUSALS.get(int(status), "As asked.")
    return result


@cache
def document() -> str:
    """The whole description as JSON text; the same for everybody."""
    found = _completed(SchemaGenerator().get_schema(request=None, public=True))
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


class Description(APIView):
    """GET /api/v1/openapi.json"""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """The description of this API, for whoever is signed in."""
        return Response(json.loads(document()))
