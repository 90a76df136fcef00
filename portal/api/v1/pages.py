"""Pages of long lists: by cursor, so that nothing is skipped or shown twice while rows come in."""

from rest_framework.pagination import CursorPagination


class ByNumber(CursorPagination):
    """Products in the order of their numbers."""

    ordering = ("sku_order", "sku")
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200


class NewestFirst(CursorPagination):
    """Documents, the newest first."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200
