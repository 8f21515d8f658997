"""Name the tables that air and water share after what they hold."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("statistics", "0001_initial")]

    operations = [
        migrations.RenameModel("AirSeries", "Series"),
        migrations.RenameModel("AirHours", "Hours"),
        migrations.RenameModel("AirDay", "Day"),
        migrations.RenameModel("AirFigure", "Figure"),
        migrations.RenameModel("AirReview", "Review"),
        migrations.RenameModel("AirRevision", "Revision"),
        migrations.RenameModel("AirDirty", "Dirty"),
    ]
