"""Registers the portal with Django and sets up what every process needs."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        """Point structlog at the loggers that settings configure."""
        from core.logging import configure

        configure()
