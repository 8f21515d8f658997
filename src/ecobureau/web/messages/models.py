"""How messages leave the house: channels, what people want, and what was sent to whom."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ChannelKind(models.TextChoices):
    """Ways out of the house. E-mail and SMS go to people, bots to a group chat."""

    EMAIL = "email", _("电子邮件")
    SMS = "sms", _("短信")
    WECOM = "wecom", _("企业微信群机器人")
    DINGTALK = "dingtalk", _("钉钉群机器人")


PERSONAL = (ChannelKind.EMAIL, ChannelKind.SMS)
BOTS = (ChannelKind.WECOM, ChannelKind.DINGTALK)


class Channel(models.Model):
    """One way out, as an administrator set it up. `settings` are plain; what must stay secret is sealed.

    A bot hears of matters at and below `org_path` whose level is among `levels`.
    """

    kind = models.CharField(_("种类"), max_length=12, choices=ChannelKind.choices)
    name = models.CharField(_("名称"), max_length=60, unique=True)
    active = models.BooleanField(_("启用"), default=True)
    org_path = models.CharField(_("区域"), max_length=200, default="/")
    levels = models.JSONField(_("等级"), default=list, blank=True)
    language = models.CharField(_("语言"), max_length=8, choices=settings.LANGUAGES, default="zh-hans")
    settings = models.JSONField(default=dict, blank=True)
    secret_sealed = models.BinaryField(default=b"", blank=True)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("消息渠道")
        verbose_name_plural = _("消息渠道")
        ordering: ClassVar = ["kind", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_bot(self) -> bool:
        return self.kind in BOTS


class Preference(models.Model):
    """What a person wants beside the inbox of the house, which everybody has.

    In the quiet hours (Beijing, may run over midnight; both empty = the city's own) messages wait that are not urgent.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="message_preference")
    by_email = models.BooleanField(_("发电子邮件"), default=True)
    by_sms = models.BooleanField(_("发短信"), default=False)
    email = models.EmailField(_("邮箱"), blank=True)
    quiet_from = models.TimeField(_("免打扰：起"), null=True, blank=True)
    quiet_to = models.TimeField(_("免打扰：止"), null=True, blank=True)
    on_duty_only = models.BooleanField(_("不在班时，不急的等到下一班再发"), default=False)

    class Meta:
        verbose_name = _("提醒设置")
        verbose_name_plural = _("提醒设置")

    def __str__(self) -> str:
        return str(self.user_id)


class Delivery(models.Model):
    """One message on one channel: to a person, or (user empty) to a group chat. Addresses are not kept here."""

    class State(models.TextChoices):
        QUEUED = "queued", _("待发")
        HELD = "held", _("暂缓")
        SENT = "sent", _("已发")
        FAILED = "failed", _("失败")
        FOLDED = "folded", _("已并入汇总")
        DROPPED = "dropped", _("未发")

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="deliveries")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=24, blank=True)
    number = models.CharField(max_length=32, blank=True)
    level = models.CharField(max_length=8, blank=True)
    code = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    urgent = models.BooleanField(default=False)
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.QUEUED)
    due_at = models.DateTimeField(_("应发时间"))
    tries = models.PositiveSmallIntegerField(_("尝试次数"), default=0)
    why = models.CharField(_("说明"), max_length=300, blank=True)
    digest = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="folded")
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(_("发出时间"), null=True)

    class Meta:
        verbose_name = _("发送记录")
        verbose_name_plural = _("发送记录")
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"], condition=models.Q(state__in=["queued", "held"]), name="messages_delivery_due"
            ),
            models.Index(fields=["channel", "user", "code", "-made_at"], name="messages_delivery_storm"),
            models.Index(fields=["-made_at"], name="messages_delivery_newest"),
            models.Index(fields=["user", "-made_at"], name="messages_delivery_user"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.code} {self.state}"
