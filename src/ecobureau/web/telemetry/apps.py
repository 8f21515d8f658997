from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TelemetryConfig(AppConfig):
    name = "ecobureau.web.telemetry"
    label = "telemetry"
    verbose_name = _("监测数据")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ecobureau.web.core import loops
        from ecobureau.web.telemetry import upkeep

        loops.register("upkeep", loops.every_seconds(5.0, upkeep.Upkeep(upkeep.SHORT)))
        loops.register("upkeep-long", loops.every_seconds(30.0, upkeep.Upkeep(upkeep.LONG)))
