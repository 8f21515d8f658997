"""Forms of channels and preferences."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from ecobureau.web.core import placenames
from ecobureau.web.core.forms import set_choices
from ecobureau.web.core.models.record import LEVELS
from ecobureau.web.messages.models import Channel, ChannelKind

SAFETY = (("starttls", "STARTTLS"), ("tls", "TLS"), ("plain", _("不加密（仅限内网）")))


class ChannelForm(forms.Form):
    """What every channel has."""

    name = forms.CharField(label=_("名称"), max_length=60)
    active = forms.BooleanField(label=_("启用"), required=False, initial=True)

    SETTINGS: tuple[str, ...] = ()
    SECRETS: tuple[str, ...] = ()

    def clean_name(self) -> str:
        """Two channels of one name cannot be told apart."""
        name = str(self.cleaned_data["name"]).strip()
        if Channel.objects.filter(name=name).exclude(pk=self.initial.get("pk") or 0).exists():
            raise forms.ValidationError(_("已有这个名称的渠道，请换一个名称"))
        return name

    def wanted(self) -> dict[str, Any]:
        """Return the cleaned data as `services.save_channel` takes them."""
        given = dict(self.cleaned_data)
        found: dict[str, Any] = {
            "settings": {name: given.pop(name) for name in self.SETTINGS},
            "secrets": {name: given.pop(name) for name in self.SECRETS},
        }
        return found | given


class EmailForm(ChannelForm):
    """A mail server."""

    host = forms.CharField(label=_("邮件服务器"), max_length=120)
    port = forms.IntegerField(label=_("端口"), min_value=1, max_value=65535, initial=587)
    safety = forms.ChoiceField(label=_("加密"), choices=SAFETY)
    sender = forms.EmailField(label=_("发件人"))
    user = forms.CharField(label=_("账号"), max_length=120, required=False)
    password = forms.CharField(
        label=_("密码（不填则不变）"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    SETTINGS = ("host", "port", "safety", "sender", "user")
    SECRETS = ("password",)


class SmsForm(ChannelForm):
    """SMS has nothing to set here: the sender is named in the environment."""


class BotForm(ChannelForm):
    """A group chat's bot."""

    url = forms.CharField(
        label=_("机器人地址（不填则不变）"),
        required=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    org_path = forms.ChoiceField(label=_("区域"))
    levels = forms.MultipleChoiceField(label=_("等级"), choices=LEVELS, widget=forms.CheckboxSelectMultiple)
    language = forms.ChoiceField(label=_("语言"), choices=settings.LANGUAGES)
    SECRETS: tuple[str, ...] = ("url",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = placenames.all_names()
        set_choices(
            self, "org_path", [(path, f"{'　' * (path.count('/') - 2)}{name}") for path, name in sorted(names.items())]
        )

    def clean_url(self) -> str:
        """A new bot needs its address."""
        url = str(self.cleaned_data["url"]).strip()
        if not url and not self.initial.get("pk"):
            raise forms.ValidationError(_("请填机器人地址"))
        return url


class DingTalkForm(BotForm):
    """DingTalk signs each call."""

    secret = forms.CharField(
        label=_("加签密钥（不填则不变）"),
        required=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    SECRETS = ("url", "secret")


FORMS: dict[str, type[ChannelForm]] = {
    ChannelKind.EMAIL: EmailForm,
    ChannelKind.SMS: SmsForm,
    ChannelKind.WECOM: BotForm,
    ChannelKind.DINGTALK: DingTalkForm,
}


class TestForm(forms.Form):
    """Where a test message goes; bots need no address."""

    to = forms.CharField(label=_("试发给（邮箱或手机）"), max_length=120)


class PreferenceForm(forms.Form):
    """What a person wants."""

    by_email = forms.BooleanField(label=_("发电子邮件"), required=False)
    email = forms.EmailField(label=_("邮箱（不填用人员登记的邮箱）"), required=False)
    by_sms = forms.BooleanField(label=_("发短信（到人员登记的手机）"), required=False)
    quiet_from = forms.TimeField(
        label=_("免打扰：起"), required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M")
    )
    quiet_to = forms.TimeField(
        label=_("免打扰：止"), required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M")
    )
    on_duty_only = forms.BooleanField(label=_("不在班时，不急的等到下一班再发"), required=False)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if (found.get("quiet_from") is None) != (found.get("quiet_to") is None):
            self.add_error("quiet_to", _("免打扰的起止要一起填，或都不填"))
        return found
