"""Who reports clues: registered sources, what they have sent, the people behind it; and how risk has moved."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ecobureau.web.core.models.record import LEVELS


class ClueSource(models.Model):
    """Somebody or something that reports clues (线索来源): a judge, a complaint line, cameras, a drone team.

    `account` is the service account whose API keys report for it; `machine` says that no person finds its clues.
    `code` of the program's own sources equals their kind.
    """

    class Kind(models.TextChoices):
        JUDGING = "judging", _("到达判断")
        DETECTION = "detection", _("异常检测")
        MANUAL = "manual", _("人工登记")
        IMPORT = "import", _("表格导入")
        API = "api", _("接口推送")
        COMPLAINT = "complaint", _("信访举报")
        VIDEO = "video", _("视频识别")
        DRONE = "drone", _("无人机巡查")
        OTHER = "other", _("其他")

    code = models.SlugField(_("代码"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=80)
    kind = models.CharField(_("类别"), max_length=12, choices=Kind.choices)
    machine = models.BooleanField(_("机器发现"), default=False)
    contact = models.CharField(_("联系人"), max_length=40, blank=True)
    phone = models.CharField(_("联系电话"), max_length=40, blank=True)
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="clue_source",
        verbose_name=_("服务账号"),
    )
    scenario = models.CharField(_("默认情形"), max_length=8, blank=True)
    org_path = models.CharField(_("区域"), max_length=200)
    active = models.BooleanField(_("启用"), default=True)
    note = models.CharField(_("备注"), max_length=200, blank=True)
    made_at = models.DateTimeField()
    made_by = models.BigIntegerField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("线索来源")
        verbose_name_plural = _("线索来源")
        ordering = ["kind", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def own(self) -> bool:
        """Whether it is the program's own: named by its kind, not for people to close."""
        return self.code == self.kind

    @property
    def label(self) -> str:
        """Its name as shown: the program's own are said in the language of the page."""
        return gettext(self.name) if self.own else self.name


class ClueIntake(models.Model):
    """A report that came over the interface: its idempotency key, the hash of its body, and the clue it made."""

    source = models.ForeignKey(ClueSource, models.PROTECT, related_name="intakes")
    key = models.CharField(max_length=80)
    body_sha256 = models.CharField(max_length=64)
    clue = models.ForeignKey("clues.Clue", models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "key"], name="clues_intake_once")]


class Reporter(models.Model):
    """A person who reported a clue, and the answer owed (举报人).

    Name, phone and the person's own words are sealed. `clue` is what the person reported, `matter` the clue it is
    folded into (itself where it is not): when the matter closes, each reporter who wants an answer is owed one.
    """

    class Way(models.TextChoices):
        PHONE = "phone", _("电话")
        SMS = "sms", _("短信")
        LETTER = "letter", _("书面")
        VISIT = "visit", _("当面")
        PLATFORM = "platform", _("原渠道回传")
        UNREACHABLE = "unreachable", _("联系不上，已留痕")

    clue = models.ForeignKey("clues.Clue", models.PROTECT, related_name="reporters")
    matter = models.ForeignKey("clues.Clue", models.PROTECT, related_name="all_reporters")
    source = models.ForeignKey(ClueSource, models.PROTECT, null=True, related_name="+")
    name_sealed = models.BinaryField(null=True)
    phone_sealed = models.BinaryField(null=True)
    words_sealed = models.BinaryField(null=True)
    wants_answer = models.BooleanField(default=True)
    reported_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.BigIntegerField(null=True)
    answered_name = models.CharField(max_length=150, blank=True)
    way = models.CharField(_("答复方式"), max_length=12, choices=Way.choices, blank=True)
    answer = models.CharField(_("答复内容"), max_length=2000, blank=True)

    class Meta:
        ordering = ["reported_at", "pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["answered_at", "matter"], name="clues_reporter_owed", condition=models.Q(wants_answer=True)
            ),
        ]


class RiskScore(models.Model):
    """What the risk of a clue was from an instant on, its parts, and why it was reckoned anew. Rows are only added."""

    clue = models.ForeignKey("clues.Clue", models.CASCADE, related_name="risk_history")
    at = models.DateTimeField()
    score = models.PositiveSmallIntegerField()
    level = models.CharField(max_length=8, choices=LEVELS)
    parts = models.JSONField(default=list)
    cause = models.CharField(max_length=16)
    rules = models.CharField(max_length=64)

    class Meta:
        ordering = ["at", "pk"]
        indexes: ClassVar = [models.Index(fields=["clue", "-at"], name="clues_risk_of")]
