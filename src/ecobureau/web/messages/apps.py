from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MessagesConfig(AppConfig):
    name = "ecobureau.web.messages"
    label = "outbound"
    verbose_name = _("消息")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ecobureau.clock import now
        from ecobureau.web.core import loops, notices
        from ecobureau.web.messages import outbox

        notices.register(outbox.take)
        loops.register("messages", loops.every_seconds(5.0, lambda: outbox.sweep(now()) and None))
