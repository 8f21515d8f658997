from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RectificationConfig(AppConfig):
    name = "ecobureau.web.rectification"
    label = "rectification"
    verbose_name = _("督察整改")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ecobureau.web.core import registry
        from ecobureau.web.rectification.kind import HANGING_KIND, RECTIFICATION_KIND

        registry.register(RECTIFICATION_KIND)
        registry.register(HANGING_KIND)
