from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DetectionConfig(AppConfig):
    name = "ecobureau.web.detection"
    label = "detection"
    verbose_name = _("数据甄别")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ecobureau.web.clues import extra
        from ecobureau.web.core import loops
        from ecobureau.web.detection import clue_part, passes
        from ecobureau.web.detection.account_source import OutletAccounts
        from ecobureau.web.statistics.emission import source

        extra.register(clue_part.part)
        source.register(OutletAccounts())

        loops.register("detection-arrival", loops.every_seconds(15.0, passes.arrival))
        loops.register("detection-slow", loops.every_seconds(60.0, passes.slow))
        loops.register("detection-totals", loops.every_seconds(60.0, passes.sums))
