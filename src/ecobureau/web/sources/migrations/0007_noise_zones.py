"""The functional zone of a noise station is one of GB 3096, since the judge reads it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sources", "0006_limit_hours")]

    operations = [
        migrations.AlterField(
            "station",
            "noise_zone",
            models.CharField(
                blank=True,
                choices=[
                    ("0", "0 类区"),
                    ("1", "1 类区"),
                    ("2", "2 类区"),
                    ("3", "3 类区"),
                    ("4a", "4a 类区（道路两侧）"),
                    ("4b", "4b 类区（铁路两侧）"),
                ],
                max_length=4,
                verbose_name="声环境功能区",
            ),
        ),
    ]
