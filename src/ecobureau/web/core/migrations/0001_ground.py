"""Rights of the application's role, and the functions every app may use: `bigrams` and `core_refuse_change`."""

from django.db import migrations

GRANTS = """
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ecobureau_app') THEN
    GRANT USAGE ON SCHEMA public TO ecobureau_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ecobureau_app;
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ecobureau_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ecobureau_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO ecobureau_app;
  END IF;
END
$$;
"""

BIGRAMS = """
CREATE OR REPLACE FUNCTION public.bigrams(t text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT array_agg(DISTINCT substr(lower(t), i, 2)) FROM generate_series(1, greatest(length(t) - 1, 1)) i $$;
"""

REFUSE = """
CREATE OR REPLACE FUNCTION public.core_refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(GRANTS, migrations.RunSQL.noop),
        migrations.RunSQL(BIGRAMS, "DROP FUNCTION public.bigrams(text)"),
        migrations.RunSQL(REFUSE, "DROP FUNCTION public.core_refuse_change()"),
    ]
