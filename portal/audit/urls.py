from django.urls import path

from portal.audit import views

urlpatterns = [
    path("", views.events, name="audit"),
    path("verify/", views.check, name="audit-verify"),
    path("log.jsonl", views.log, name="audit-log"),
    path("witnesses/", views.checkpoints, name="audit-checkpoints"),
    path("proof.json", views.proof, name="audit-proof"),
]
