from django.db import migrations

from portal.common.by_engine import run_by_engine
from portal.common.written_once import refuse_changes


class Migration(migrations.Migration):
    dependencies = [("alerts", "0001_initial")]
    operations = [run_by_engine(*refuse_changes(table)) for table in ("alerts_warninganswer", "alerts_deliveryattempt",)]
