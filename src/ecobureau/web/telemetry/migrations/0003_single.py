"""The way of one frame that comes alone."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


def text(name: str) -> str:
    return (SQL / name).read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0002_writing")]
    operations = [migrations.RunSQL(text("0004_single.sql"), text("0004_single_down.sql"))]
