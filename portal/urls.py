"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from portal.api.inbound import inbound
from portal.sign_in import nobody_changes_it

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="portal:home"), name="root"),
    path("accounts/email/", nobody_changes_it),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", RedirectView.as_view(pattern_name="portal:security")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("admin/", admin.site.urls),
    path("", include("portal.views.urls")),
    path("inbound/<str:system>/", inbound, name="inbound"),
    path("api/v1/", include("portal.api.v1.urls")),
]
