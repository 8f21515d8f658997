"""A limit may hold for the day or the night alone; spans of one limit still never overlap."""

from django.db import migrations, models

CONSTRAINT = """
alter table sources_limit drop constraint sources_limit_no_overlap;
alter table sources_limit add constraint sources_limit_no_overlap exclude using gist (
    int8range(outlet_id, outlet_id, '[]') with &&,
    int8range(hashtextextended({key}, 0), hashtextextended({key}, 0), '[]') with &&,
    daterange(valid_from, valid_to, '[]') with &&);
"""
BEFORE = "factor_id || '/' || field || '/' || period || '/' || kind"
AFTER = BEFORE + " || '/' || hours"


class Migration(migrations.Migration):
    dependencies = [("sources", "0005_importdraft")]

    operations = [
        migrations.AddField(
            "limit",
            "hours",
            models.CharField(
                choices=[("any", "全天"), ("day", "昼间时段"), ("night", "夜间时段")],
                db_default="any",
                default="any",
                max_length=8,
                verbose_name="昼夜",
            ),
        ),
        migrations.RunSQL(CONSTRAINT.format(key=AFTER), CONSTRAINT.format(key=BEFORE)),
    ]
