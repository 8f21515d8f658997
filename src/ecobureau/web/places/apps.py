from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlacesConfig(AppConfig):
    name = "ecobureau.web.places"
    label = "places"
    verbose_name = _("区域与机构")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ecobureau.web.core import basemap, people, placenames
        from ecobureau.web.places import selectors

        placenames.register(lambda: {unit.path: unit.name for unit in selectors.tree()})
        basemap.register(selectors.outlines)
        people.register_areas(selectors.areas_of)
