from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HandoverConfig(AppConfig):
    name = "ecobureau.web.handover"
    label = "handover"
    verbose_name = _("交接班")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ecobureau.web.core import registry
        from ecobureau.web.handover import filters
        from ecobureau.web.handover.kind import KIND

        registry.register(KIND)
        filters.install()
