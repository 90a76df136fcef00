"""The sidebar of the back office as a person sees it: what may be opened, with counts of what waits there."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from portal.admin.entries import GROUPS, Entry


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of the sidebar, in the shape the theme reads; empty groups are left out."""
    groups = []
    for title, entries in GROUPS:
        items = [item for entry in entries if (item := _item(request, entry)) is not None]
        if items:
            groups.append({"title": title, "items": items})
    _mark_present([item for group in groups for item in group["items"]], request.path)
    return groups


def _mark_present(items: list[dict[str, Any]], path: str) -> None:
    """Light up one entry alone: that whose address is the longest beginning of the present one."""
    index = reverse("admin:index")
    for item in items:
        item["active"] = False
    fits = [
        item for item in items if path.startswith(item["link"]) and (item["link"] != index or path == index)
    ]
    if fits:
        max(fits, key=lambda item: len(item["link"]))["active"] = True


def _may_open(request: HttpRequest, entry: Entry) -> bool:
    """By the permission; and a list also by its admin class, which may be for those alone who meet all customers."""
    if entry.needs and not request.user.has_perm(entry.needs):
        return False
    name = entry.page.removeprefix("admin:")
    for model, pages in admin.site._registry.items():
        if name == f"{model._meta.app_label}_{model._meta.model_name}_changelist":
            return pages.has_view_permission(request)
    return True


def _item(request: HttpRequest, entry: Entry) -> dict[str, Any] | None:
    if not _may_open(request, entry):
        return None
    try:
        link = reverse(entry.page)
    except NoReverseMatch:
        return None
    item: dict[str, Any] = {"title": entry.title, "icon": entry.icon, "link": link}
    waiting = entry.count(request) if entry.count else 0
    if waiting:
        item |= {"badge": waiting, "badge_variant": "danger" if entry.is_urgent else "primary"}
    return item
