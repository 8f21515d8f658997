from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StatisticsConfig(AppConfig):
    name = "ecobureau.web.statistics"
    label = "statistics"
    verbose_name = _("统计")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ecobureau.web.core import loops, registry
        from ecobureau.web.statistics import rollup, services
        from ecobureau.web.statistics.samples.kind import KIND

        registry.register(KIND)
        loops.register("statistics", loops.every_seconds(5.0, rollup.drain))
        loops.register("statistics-hours", loops.every_seconds(600.0, services.take_recent))
