from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DispatchConfig(AppConfig):
    name = "ecobureau.web.dispatch"
    label = "dispatch"
    verbose_name = _("任务")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ecobureau.web.core.records import register
        from ecobureau.web.dispatch.kind import KIND

        register(KIND)
