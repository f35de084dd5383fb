"""The queue. It only wakes workers: the outbox table is what they work from."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.config.settings")

from django.conf import settings

app = Celery("portal")
app.conf.update(settings.CELERY)
app.autodiscover_tasks(settings.OWN_APPS)
