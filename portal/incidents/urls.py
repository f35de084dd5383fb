from django.urls import path

from portal.incidents import views

urlpatterns = [
    path("", views.register, name="incidents"),
    path("report", views.report, name="incidents-report"),
    path("<str:incident_id>/", views.incident, name="incidents-one"),
    path("<str:incident_id>/acknowledge", views.acknowledge, name="incidents-acknowledge"),
    path("<str:incident_id>/tell", views.tell, name="incidents-tell"),
    path("<str:incident_id>/close", views.close, name="incidents-close"),
]
