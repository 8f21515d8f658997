"""Letters (督办函) to the unit that has to mend something, kept as papers of the record."""

from __future__ import annotations

from datetime import datetime

from django.core.files.uploadedfile import SimpleUploadedFile

from ecobureau.clock import beijing
from ecobureau.web.core import attachments
from ecobureau.web.core.access import SYSTEM, Viewer
from ecobureau.web.core.models import Attachment
from ecobureau.web.core.paper import Document, Facts, Heading, Text, as_pdf
from ecobureau.web.places import selectors as places
from ecobureau.web.rectification.models import Hanging, Rectification

PAPER = "letter"


def letter(record: Rectification | Hanging, actor: Viewer, reason: str, at: datetime) -> Document:
    """Return the letter, in Chinese as every official paper."""
    unit = places.organisation(record.owner_unit)
    day = beijing(at)
    left = record.days_left
    stands = f"距时限还有 {left} 天" if left >= 0 else f"已超过时限 {-left} 天"
    return Document(
        "督办函",
        actor.name,
        at,
        blocks=[
            Text(f"编号：{record.number}-{record.version}"),
            Text(f"{unit.name if unit else record.owner_unit}："),
            Text(
                f"你单位承办的“{record.title}”（{record.number}）应于 {record.due_on:%Y 年 %-m 月 %-d 日}前完成，"
                f"截至 {day:%Y 年 %-m 月 %-d 日}{stands}。现就有关事项督办如下：",
                indent=True,
            ),
            Text(reason, indent=True),
            Text("请按整改目标和主要措施抓紧落实，并在系统中报送进展和佐证材料。", indent=True),
            Heading("有关情况", level=2),
            Facts(_facts(record), columns=1),
            Text(f"签发：{actor.name}　　{day:%Y 年 %-m 月 %-d 日}"),
        ],
    )


def _facts(record: Rectification | Hanging) -> list[tuple[str, str]]:
    found = [("整改目标", record.demand), ("完成时限", f"{record.due_on:%Y-%m-%d}")]
    if isinstance(record, Rectification):
        accepting = places.organisation(record.accepting_unit)
        found += [
            ("主要措施", record.key_steps),
            ("验收单位", accepting.name if accepting else record.accepting_unit),
            ("已报进度", f"{record.progress}%"),
        ]
    elif record.leader:
        found.append(("包保领导", record.leader))
    return found


def keep(record: Rectification | Hanging, actor: Viewer, reason: str, at: datetime) -> Attachment:
    """Write the letter and keep it with the record."""
    data = as_pdf(letter(record, actor, reason, at))
    name = f"督办函 {record.number}-{record.version}.pdf"
    return attachments.store(
        record, SYSTEM, SimpleUploadedFile(name, data), paper=PAPER, content_type="application/pdf"
    )
