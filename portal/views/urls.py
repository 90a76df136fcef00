"""Addresses of the buyer pages."""

from django.urls import path

from portal.views import components, health, home, mails

app_name = "portal"

urlpatterns = [
    path("home/", home.home, name="home"),
    path("company/", home.switch_company, name="company-switch"),
    path("dev/components/", components.components, name="components"),
    path("mails/", mails.mail_list, name="mail-list"),
    path("mails/<str:name>/", mails.mail_detail, name="mail-detail"),
    path("mails/<str:name>/html/", mails.mail_html, name="mail-html"),
    path("healthz", health.healthz, name="healthz"),
]
