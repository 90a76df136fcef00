"""Whose request it is: REST framework wraps the request that the middleware has dressed."""

from typing import cast

from rest_framework.request import Request

from portal.middleware import BuyerRequest


def asking(request: Request) -> BuyerRequest:
    """The request with its actor and scope."""
    return cast(BuyerRequest, request._request)
