"""History and audit can only grow: a trigger for everybody, missing rights for the application's role."""

from django.db import migrations

TABLES = ("core_history", "core_audit")

GUARD = "\n".join(
    f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION public.core_refuse_change();"
    for table in TABLES
)
UNGUARD = "\n".join(f"DROP TRIGGER {table}_append_only ON {table};" for table in TABLES)

REVOKE = """
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ecobureau_app') THEN
    REVOKE UPDATE, DELETE, TRUNCATE ON core_history, core_audit FROM ecobureau_app;
  END IF;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0002_records")]
    operations = [
        migrations.RunSQL(GUARD, UNGUARD),
        migrations.RunSQL(REVOKE, migrations.RunSQL.noop),
    ]
