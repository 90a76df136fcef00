"""Whose request it is: REST framework wraps the request that the middleware has dressed."""

from typing import Any, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.states import Right
from portal.middleware import BuyerRequest


def asking(request: Request) -> BuyerRequest:
    """The request with its actor and scope."""
    return cast(BuyerRequest, request._request)


class MayUseApi(BasePermission):
    """The right to use the API in the acting company; without any company there is nothing to be seen anyway."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Raises NotAllowed, whose answer says whom to ask."""
        scope = asking(request).scope
        if not scope.is_empty:
            scope.require(Right.USE_API)
        return True
