from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CluesConfig(AppConfig):
    name = "ecobureau.web.clues"
    label = "clues"
    verbose_name = _("线索")
    default_auto_field = "django.db.models.BigAutoField"
