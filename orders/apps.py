"""Registers orders with Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = _("Orders and approvals")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """State the forms of what the events say."""
        from orders import payloads  # noqa: F401
