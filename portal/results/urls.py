from django.urls import path, re_path

from portal.results import views

urlpatterns = [
    path("", views.results, name="results"),
    re_path(r"^blocked\.(?P<form>html|pdf)$", views.report, name="blocked-report"),
]
