"""Registers orders with Django."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """State the forms of what the events say."""
        from orders import payloads  # noqa: F401
