from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutfallsConfig(AppConfig):
    name = "ecobureau.web.outfalls"
    label = "outfalls"
    verbose_name = _("入河排污口")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ecobureau.web.core import registry
        from ecobureau.web.outfalls import kind, results_table, table
        from ecobureau.web.sources import codes
        from ecobureau.web.sources.importing import add_kind

        registry.register(kind.KIND)
        codes.register(kind.SUBJECT)
        add_kind(table.OUTFALLS)
        add_kind(results_table.RESULTS)
