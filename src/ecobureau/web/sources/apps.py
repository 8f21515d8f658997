from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SourcesConfig(AppConfig):
    name = "ecobureau.web.sources"
    label = "sources"
    verbose_name = _("污染源与站点")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ecobureau.web.core import finders
        from ecobureau.web.sources import codes, finding, subjects

        for each in (subjects.ENTERPRISE, subjects.OUTLET, subjects.STATION):
            codes.register(each)
        for finder in finding.FINDERS:
            finders.register(finder)
