"""Registers the portal with Django and sets up what every process needs."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        """Point structlog at the loggers and register the back office."""
        from core.logging import configure

        configure()
        import portal.admin.registry
        import portal.signed_in  # noqa: F401
