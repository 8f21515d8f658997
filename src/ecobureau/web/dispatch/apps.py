from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DispatchConfig(AppConfig):
    name = "ecobureau.web.dispatch"
    label = "dispatch"
    verbose_name = _("任务")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ecobureau.web.core import registry
        from ecobureau.web.dispatch import acts, forms
        from ecobureau.web.dispatch.kind import KIND
        from ecobureau.web.dispatch.kind_help import HELP_KIND, SUPERVISION_KIND

        for kind in (KIND, HELP_KIND, SUPERVISION_KIND):
            registry.register(kind)
        registry.extend("clue", "dispatch", service=acts.send, form=forms.SendForm, page="dispatch:send")
