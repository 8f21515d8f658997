"""Fill the factor table from the rule packs' data files."""

from django.db import migrations

from ecobureau.web.sources.factor_rows import factor_rows


def fill(apps, schema_editor):
    factor = apps.get_model("sources", "Factor")
    names = {field.name for field in factor._meta.concrete_fields}
    rows = [factor(**{key: value for key, value in row.items() if key in names}) for row in factor_rows()]
    factor.objects.bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("sources", "0003_factor_short_zh")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
