"""Every address of the product."""

from allauth.account.views import password_change as change_password
from allauth.account.views import password_set as set_password
from allauth.mfa.webauthn.views import add_webauthn
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from portal.api.inbound import inbound
from portal.sign_in import nobody_changes_it, own_only

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="portal:home"), name="root"),
    path("accounts/email/", nobody_changes_it),
    path("accounts/confirm-email/", nobody_changes_it),
    path("accounts/password/change/", own_only(change_password, makes_one=False)),
    path("accounts/password/set/", own_only(set_password)),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", RedirectView.as_view(pattern_name="portal:security")),
    path("accounts/2fa/webauthn/", RedirectView.as_view(pattern_name="portal:security")),
    path("accounts/2fa/webauthn/add/", own_only(add_webauthn)),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/sessions/", RedirectView.as_view(pattern_name="portal:security")),
    path("admin/", admin.site.urls),
    path("", include("portal.views.urls")),
    path("inbound/<str:system>/", inbound, name="inbound"),
    path("api/v1/", include("portal.api.v1.urls")),
]
