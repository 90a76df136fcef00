"""Addresses of the buyer pages."""

from django.urls import path

from portal.views import components, health, home

app_name = "portal"

urlpatterns = [
    path("home/", home.home, name="home"),
    path("company/", home.switch_company, name="company-switch"),
    path("dev/components/", components.components, name="components"),
    path("healthz", health.healthz, name="healthz"),
]
