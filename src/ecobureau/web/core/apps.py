from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "ecobureau.web.core"
    label = "core"
    verbose_name = _("内核")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ecobureau.clock import now
        from ecobureau.web.core import clocks, loops, presence

        loops.register("clocks", loops.every_seconds(2.0, lambda: clocks.tick(now())))
        loops.register("presence", loops.every_seconds(presence.SWEEP_S, lambda: presence.sweep(now())))
