from django.db import migrations

from portal.audit.triggers import kept_for_ever
from portal.common.by_engine import run_by_engine


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_checkpoints")]
    operations = [run_by_engine(*kept_for_ever(table)) for table in ("audit_checkpoint", "audit_cosignature")]
