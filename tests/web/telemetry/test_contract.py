"""Django's idea of the telemetry tables against the tables themselves."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models

from ecobureau.web.telemetry import migrations

KINDS = {
    models.AutoField: "integer",
    models.BigAutoField: "bigint",
    models.IntegerField: "integer",
    models.SmallIntegerField: "smallint",
    models.BigIntegerField: "bigint",
    models.TextField: "text",
    models.FloatField: "double precision",
    models.BooleanField: "boolean",
    models.BinaryField: "bytea",
    models.DateTimeField: "timestamp with time zone",
    models.DateField: "date",
    models.JSONField: "jsonb",
    models.ForeignKey: "bigint",
}
MODELS = list(apps.get_app_config("telemetry").get_models())


def _told(field: models.Field) -> tuple[str, str, bool]:
    base = getattr(field, "base_field", None)
    kind = KINDS[type(base)] + "[]" if base is not None else KINDS[type(field)]
    return str(field.column), kind, bool(field.null)


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=lambda m: m._meta.db_table)
def test_columns_are_those_of_the_model(model: type[models.Model]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull FROM pg_attribute a"
            " WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped",
            [model._meta.db_table],
        )
        there = set(cursor.fetchall())
    told = {_told(field) for field in model._meta.local_concrete_fields if field.column}
    assert told == there


@pytest.mark.django_db
def test_every_table_of_the_store_has_its_model() -> None:
    told = {model._meta.db_table for model in MODELS}
    folder = Path(migrations.__file__).parent / "sql"
    text = "".join(path.read_text() for path in sorted(folder.glob("*.sql")) if not path.stem.endswith("_down"))
    made = {line.split()[2] for line in text.splitlines() if line.startswith("CREATE TABLE ")}
    assert told == made


@pytest.mark.django_db
def test_migrations_are_in_step() -> None:
    out = StringIO()
    call_command("makemigrations", "telemetry", check=True, dry_run=True, stdout=out)
    assert "No changes" in out.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["raw_frame", "layout", "seal", "rekey", "revision"])
def test_the_application_role_may_only_read_and_add_evidence(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = 'ecobureau_app'")
        assert cursor.fetchone()
        rights = {}
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"):
            cursor.execute("SELECT has_table_privilege('ecobureau_app', %s, %s)", [table, right])
            rights[right] = cursor.fetchone()[0]
    assert rights == {"SELECT": True, "INSERT": True, "UPDATE": False, "DELETE": False, "TRUNCATE": False}


@pytest.mark.django_db
def test_functions_that_run_as_owner_have_a_fixed_path_and_are_not_for_everybody() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, proconfig, has_function_privilege('public', oid, 'EXECUTE') FROM pg_proc"
            " WHERE prosecdef AND proname LIKE 'telemetry%%' ORDER BY 1"
        )
        rows = cursor.fetchall()
    assert [row[0] for row in rows] == ["telemetry_drop_rt", "telemetry_ensure"]
    for _name, config, public in rows:
        assert config == ["search_path=pg_catalog, pg_temp"]
        assert public is False
