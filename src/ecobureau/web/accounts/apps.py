from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "ecobureau.web.accounts"
    label = "accounts"
    verbose_name = _("用户")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ecobureau.web.accounts.selectors import Book
        from ecobureau.web.core import people

        people.register(Book())
