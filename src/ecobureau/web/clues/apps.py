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
