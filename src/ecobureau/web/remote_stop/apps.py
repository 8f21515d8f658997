from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RemoteStopConfig(AppConfig):
    name = "ecobureau.web.remote_stop"
    label = "remote_stop"
    verbose_name = _("远程喊停")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ecobureau.web.clues import extra
        from ecobureau.web.core import loops, registry
        from ecobureau.web.remote_stop import public, selectors, watch
        from ecobureau.web.remote_stop.kind import CAMERA_KIND, PERMIT_KIND, STOP_KIND

        registry.register(PERMIT_KIND)
        registry.register(STOP_KIND)
        registry.register(CAMERA_KIND)
        public.install()
        extra.register(selectors.part)
        loops.register("remote-stop", loops.every_seconds(15.0, watch.watch))
