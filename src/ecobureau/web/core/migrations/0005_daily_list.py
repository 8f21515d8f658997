"""The daily list asks for the warn points of a day that went to the city centre."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0004_presence")]

    operations = [
        migrations.AddIndex(
            model_name="clockfired",
            index=models.Index(
                fields=["at"], condition=models.Q(("tell", "city_centre")), name="core_clock_fired_city"
            ),
        ),
    ]
