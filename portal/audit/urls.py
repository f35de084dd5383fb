from django.urls import path

from portal.audit import views

urlpatterns = [
    path("", views.events, name="audit"),
    path("verify/", views.check, name="audit-verify"),
]
