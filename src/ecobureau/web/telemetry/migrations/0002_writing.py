"""Faults that a run of the gateway met, and its newest batch."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


def text(name: str) -> str:
    return (SQL / name).read_text(encoding="utf-8")


STATE = [
    migrations.AddField("gatewayrun", "fault", models.TextField(default="")),
    migrations.AddField("gatewayrun", "fault_at", models.DateTimeField(null=True)),
    migrations.CreateModel(
        name="GatewayBatch",
        fields=[
            ("run_id", models.IntegerField(primary_key=True, serialize=False)),
            ("batch", models.BigIntegerField()),
            ("outcomes", models.BinaryField()),
        ],
        options={"verbose_name": "网关最新批次", "db_table": "gateway_batch"},
    ),
]


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0001_tables")]
    operations = [
        migrations.RunSQL(text("0003_writing.sql"), text("0003_writing_down.sql"), state_operations=STATE),
    ]
