"""The one address of the bare view that pages are measured against."""

from django.urls import path

from tests.bench.page import bare_page

urlpatterns = [path("bare/", bare_page)]
