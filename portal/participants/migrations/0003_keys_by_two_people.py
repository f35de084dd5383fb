import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def moment():
    return models.DateTimeField(null=True)


def someone():
    return models.ForeignKey(
        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
    )


ADDED = {
    "challenge": lambda: models.TextField(blank=True, default=""),
    "answer_digest": lambda: models.CharField(blank=True, default="", max_length=64),
    "proved_at": moment,
    "approved_at": moment,
    "approved_by": someone,
    "revoked_reason": lambda: models.CharField(blank=True, default="", max_length=300),
}


def two_people(model: str, added: dict):
    """What one person had registered becomes a proposal that waits for a second person."""
    return [
        migrations.RenameField(model, "registered_at", "proposed_at"),
        migrations.RenameField(model, "registered_by", "proposed_by"),
        *(migrations.AddField(model, name, field()) for name, field in added.items()),
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("participants", "0002_one_proposed_endpoint"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.RemoveConstraint("participantkey", "participants_key_revoked_by_someone"),
        migrations.RemoveConstraint("roomkey", "participants_one_current_room_key"),
        migrations.AlterModelOptions("participantkey", {}),
        migrations.AlterModelOptions("roomkey", {}),
        *two_people("participantkey", ADDED),
        *two_people("roomkey", ADDED | {"revoked_at": moment, "revoked_by": someone}),
        migrations.RunSQL(
            "UPDATE participants_participantkey SET revoked_reason = 'revoked before reasons were kept' "
            "WHERE revoked_at IS NOT NULL",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "UPDATE participants_roomkey SET revoked_at = replaced_at, revoked_by_id = proposed_by_id, "
            "revoked_reason = 'replaced before approvals were kept' WHERE replaced_at IS NOT NULL",
            migrations.RunSQL.noop,
        ),
    ]
