from django.urls import path

from portal.participants import key_views as keys
from portal.participants import mou_views, views
from portal.participants import specification_views as specification

urlpatterns = [
    path("", views.participants, name="participants"),
    path("invite/", views.invite, name="participants-invite"),
    path("mou/", mou_views.mous, name="participants-mous"),
    path("mou/publish/", mou_views.publish, name="participants-mou-publish"),
    path("mou/version/<str:version>/", mou_views.mou, name="participants-mou"),
    path("mou/version/<str:version>/sign/", mou_views.sign, name="participants-mou-sign"),
    path("specification/", specification.specification, name="specification"),
    path("specification/publish/", specification.publish, name="specification-publish"),
    path("specification/<int:version>/ratify/", specification.ratify, name="specification-ratify"),
    path("specification/<int:version>/<str:dataset>.csv", specification.template, name="specification-template"),
    path("room/keys/", keys.room, name="participants-room-keys"),
    path("room/keys/propose/", keys.room_propose, name="participants-room-key"),
    path("room/keys/<str:kid>/prove/", keys.room_prove, name="participants-room-key-prove"),
    path("room/keys/<str:kid>/approve/", keys.room_approve, name="participants-room-key-approve"),
    path("room/keys/<str:kid>/revoke/", keys.room_revoke, name="participants-room-key-revoke"),
    path("<str:code>/", views.participant, name="participants-one"),
    path("<str:code>/state/", views.change, name="participants-state"),
    path("<str:code>/keys/", keys.propose, name="participants-key"),
    path("<str:code>/keys/prove/", keys.prove, name="participants-key-prove"),
    path("<str:code>/keys/revoke/", keys.revoke, name="participants-key-revoke"),
    path("<str:code>/keys/<str:kid>/approve/", keys.approve, name="participants-key-approve"),
    path("<str:code>/endpoint/", views.propose, name="participants-endpoint"),
    path("<str:code>/endpoint/approve/", views.approve, name="participants-endpoint-approve"),
]
