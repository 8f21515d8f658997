"""The transfer record (移送单) of a remote stop that did not stop: what enforcement needs to open a case, as PDF."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ecobureau.clock import beijing, now
from ecobureau.domain.workflow import Refusal
from ecobureau.web.core import access, audit, registry
from ecobureau.web.core import selectors as kernel
from ecobureau.web.core.models import History
from ecobureau.web.core.pages.common import signed_in, viewer_in
from ecobureau.web.core.paper import Column, Document, Facts, Heading, Table, Text, as_pdf, download
from ecobureau.web.core.refusals import refuse
from ecobureau.web.remote_stop import selectors
from ecobureau.web.remote_stop.models import RemoteStop
from ecobureau.words import say


@require_POST
@signed_in
def transfer_page(request: HttpRequest, number: str) -> HttpResponse:
    """Hand out the transfer record of a stop that was handed to enforcement, for a purpose that is written down."""
    viewer = viewer_in(request)
    record = kernel.get(viewer, registry.get("remote_stop"), number)
    refusal = access.allowed(viewer, "export", record)
    if refusal is None and record.state != "handed":
        refusal = Refusal("remote_stop.not_handed", {"number": record.number})
    purpose = request.POST.get("purpose", "").strip()
    if refusal is None and len(purpose) < 2:
        refusal = Refusal("core.purpose_missing")
    if refusal is not None:
        refuse(refusal, actor=viewer.user_id, what=f"transfer {number}")
    audit.write(viewer, "export", kind="remote_stop", object_id=record.pk, purpose=purpose, form="pdf")
    paper = document(record, viewer.name, f"{viewer.name} · {purpose}")
    return download(as_pdf(paper), f"{_('移送单')}-{record.number}", "pdf")


def document(record: RemoteStop, author: str, mark: str) -> Document:
    """Return the transfer record: the matter, the levels, the permits, every act with its time and hash."""
    station, clue = record.station, record.clue
    firm = station.outlet.enterprise if station is not None and station.outlet is not None else None
    at = record.ordered_at or record.created_at
    entries = History.objects.filter(kind="remote_stop", object_id=record.pk).order_by("seq")
    kind = registry.get("remote_stop")
    names = {move.verb: say(move.name) for move in kind.flow.transitions}
    acts = [
        [
            f"{beijing(entry.at):%Y-%m-%d %H:%M:%S}",
            names.get(entry.verb, entry.verb),
            entry.reason,
            entry.hash[:16],
        ]
        for entry in entries
    ]
    worth = [
        [one.reference, one.issuer, f"{beijing(one.begins):%m-%d %H:%M} – {beijing(one.ends):%m-%d %H:%M}",
         say(selectors.COVERS[selectors.cover(one, at)])]
        for one in selectors.permits_of(station)
    ]  # fmt: skip
    return Document(
        _("施工噪声移送单"),
        author,
        now(),
        subtitle=record.number,
        blocks=[
            Facts(
                [
                    (_("事项"), record.heading),
                    (_("线索"), clue.number if clue is not None else "—"),
                    (_("执法任务"), record.task_number),
                    (_("拟立案依据"), record.case_basis),
                    (_("企业"), firm.name if firm is not None else "—"),
                    (_("统一社会信用代码"), firm.code if firm is not None else "—"),
                    (_("站点"), f"{station.name} {station.code}" if station is not None else "—"),
                    (_("工地联系人"), f"{record.contact} {record.phone}".strip() or "—"),
                ]
            ),
            Heading(_("噪声")),
            Table(
                [Column(_("项目"), weight=3), Column("dB(A)", kind="number", decimals=1)],
                [
                    [_("限值 dB(A)"), record.limit_db],
                    [_("停工令前 dB(A)"), record.level_before],
                    [_("停工令后 dB(A)"), record.level_after],
                    [_("停工令前最大声级 dB(A)"), record.peak_before],
                    [_("停工令后最大声级 dB(A)"), record.peak_after],
                    [_("夜间最大声级限值 dB(A)"), selectors.peak_limit(at)],
                ],
            ),
            Heading(_("夜间施工证明")),
            Table(
                [
                    Column(_("证明文号")),
                    Column(_("出具单位")),
                    Column(_("有效时间"), weight=2),
                    Column(_("当时是否作数")),
                ],
                worth,
                empty=_("没有登记夜间施工证明。"),
            ),
            Heading(_("经过")),
            Table(
                [
                    Column(_("时间"), weight=2),
                    Column(_("动作"), weight=2),
                    Column(_("理由"), weight=2),
                    Column(_("哈希")),
                ],
                acts,
            ),
            Text(_("每一步都在系统里留痕，不能改；哈希与系统中的一致才算原样。")),
        ],
        mark=mark,
    )
