from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CluesConfig(AppConfig):
    name = "ecobureau.web.clues"
    label = "clues"
    verbose_name = _("线索")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ecobureau.web.clues.kind import KIND
        from ecobureau.web.core.records import register

        register(KIND)
        from ecobureau.web.clues import judge
        from ecobureau.web.core import loops

        loops.register("judge", loops.every_seconds(0.5, judge.judge_waiting))
        loops.register("judge-tick", loops.every_seconds(30.0, judge.tick))
