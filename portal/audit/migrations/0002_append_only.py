from django.db import migrations

from portal.audit.triggers import INSTALL, REMOVE
from portal.common.by_engine import run_by_engine


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [run_by_engine(INSTALL, REMOVE)]
