"""Papers: Chinese text that can be found again, heads on each page, the same bytes for the same input."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime

import openpyxl
import pypdfium2
import pytest
from django.utils import translation
from PIL import Image

from ecobureau.web.core.paper import (
    Cell,
    Chart,
    Code,
    Column,
    Document,
    Facts,
    FontsMissing,
    Heading,
    Limit,
    NewPage,
    Paper,
    Picture,
    Series,
    Table,
    Text,
    as_pdf,
    as_xlsx,
    download,
    fonts,
    plots,
    qr,
)
from ecobureau.web.core.paper.blocks import shown
from ecobureau.web.core.paper.wrap import pieces, wrap

AT = datetime(2026, 11, 22, 1, 30, 10, tzinfo=UTC)
COLUMNS = [
    Column("点位", weight=2),
    Column("AQI", "number"),
    Column("PM2.5", "number", 1, "µg/m³"),
    Column("说明", weight=3),
]


@pytest.fixture(autouse=True)
def in_chinese() -> Iterator[None]:
    """Hold the language, whatever pages other tests have asked for before."""
    with translation.override("zh-hans"):
        yield


def _document(rows: int = 60) -> Document:
    table = Table(
        COLUMNS,
        [
            (f"第{number}点", Cell(50 + number, fill="#FFFF00", ink="#111111"), number + 0.25, "")
            for number in range(rows)
        ],
        caption="各点位",
        note="按日均值",
        sheet="点位",
    )
    chart = Chart(
        "逐日浓度",
        "lines",
        [str(day) for day in range(1, 31)],
        [Series("SO₂", [float(day) for day in range(30)]), Series("NO₂", [None] * 30)],
        unit="µg/m³",
        limits=[Limit(20, "限值 20")],
    )
    blocks = [
        Heading("一、综述"),
        Text("全市优良，首要污染物为 O₃，PM2.5 浓度 35 µg/m³。", indent=True),
        Facts([("标准", "GB 3095-2026"), ("有效", "22/24")]),
        chart,
        table,
        Table(COLUMNS, [], caption="超标", empty="本期没有"),
        NewPage(),
        Code("https://example.org/核对", "扫码核对"),
    ]
    return Document("环境空气质量日报", "某市生态环境局", AT, blocks, subtitle="2026年11月21日", mark="演示数据")


def _texts(data: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(data)
    try:
        return [
            document[number].get_textpage().get_text_range().replace("\r\n", "\n") for number in range(len(document))
        ]
    finally:
        document.close()


def test_text_of_a_pdf_can_be_found_again_and_pages_are_numbered_in_the_readers_language() -> None:
    with translation.override("zh-hans"):
        pages = _texts(as_pdf(_document()))
    with translation.override("en"):
        english = _texts(as_pdf(_document()))
    assert "首要污染物为 O₃，PM2.5 浓度 35 µg/m³。" in "".join(pages).replace("\n", "")
    assert len(pages) == 3
    for number, page in enumerate(pages, 1):
        assert f"第 {number} 页 / 共 3 页" in page
        assert f"Page {number} of 3" in english[number - 1]
        assert "演示数据" in page
    assert all("µg/m³" in page and "说明" in page for page in pages[:2]), "the head stands on each page of a table"
    assert sum(page.count("第59点") for page in pages) == 1
    assert "超标：本期没有" in pages[1]


def test_a_pdf_names_title_author_and_the_time_handed_in() -> None:
    document = pypdfium2.PdfDocument(as_pdf(_document(2)))
    found = document.get_metadata_dict()
    document.close()
    assert (found["Title"], found["Author"]) == ("环境空气质量日报", "某市生态环境局")
    assert found["CreationDate"] == "D:20261122013010Z"


def test_the_same_input_gives_the_same_bytes() -> None:
    assert as_pdf(_document(3)) == as_pdf(_document(3))
    first = as_xlsx(_document(3))
    assert first == as_xlsx(_document(3))
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(2026, 11, 22, 1, 30, 10)}
        assert b"2026-11-22T01:30:10Z" in archive.read("docProps/core.xml")


def test_faces_kept_between_documents_give_the_same_bytes_as_faces_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [as_pdf(_document(2)) for _time in range(2)]
    monkeypatch.setattr(fonts, "add", lambda pdf, family, style, path: pdf.add_font(family, style, path))
    assert [as_pdf(_document(2))] * 2 == kept


def test_only_the_letters_that_are_used_are_in_the_file() -> None:
    data = as_pdf(_document(2))
    assert len(data) < 150_000
    assert b"/FontFile2" in data


def test_a_workbook_holds_numbers_with_the_decimals_of_their_column() -> None:
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(_document(3))))
    sheet = book["点位"]
    assert [cell.value for cell in sheet[2]] == ["点位", "AQI", "PM2.5（µg/m³）", "说明"]
    assert [cell.value for cell in sheet[4]] == ["第1点", 51, 1.2, "—"]
    assert sheet["C4"].number_format == "0.0"
    assert sheet["B4"].fill.fgColor.rgb == "FFFFFF00"
    assert book["逐日浓度"]._charts, "the chart is native"


def test_a_workbook_never_holds_a_formula_from_a_value() -> None:
    table = Table([Column("名称")], [("=HYPERLINK(1)",)], sheet="表")
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(Document("题", "局", AT, [table]))))
    assert book["表"]["A2"].value == "'=HYPERLINK(1)"
    assert book["表"]["A2"].data_type == "s"


@pytest.mark.parametrize(
    ("value", "column", "text"),
    [
        (0.125, Column("", "number", 2), "0.12"),
        (2.675, Column("", "number", 2), "2.68"),
        (1234.5, Column("", "number", 0), "1,234"),
        (None, Column("", "number"), "—"),
        (float("nan"), Column("", "number"), "—"),
        ("", Column(""), "—"),
        (Cell(3, "Ⅲ"), Column(""), "Ⅲ"),
        (Cell(1.25, decimals=2), Column("", "number"), "1.25"),
        (AT, Column(""), "2026-11-22 09:30"),
    ],
)
def test_values_are_printed_by_the_rule_of_their_column(value: object, column: Column, text: str) -> None:
    assert shown(value, column) == text


def test_lines_break_where_chinese_lines_may() -> None:
    assert pieces("（一）PM2.5 超标。") == ["（一）", "PM2.5", " ", "超", "标。"]
    lines = wrap("今天空气良，明天优。", 5, len)
    assert lines == ["今天空气", "良，明天", "优。"]
    assert wrap("abcdefghij", 4, len) == ["abcd", "efgh", "ij"]
    assert wrap("", 4, len) == [""]
    assert "".join(wrap("一二三四五六七八", 3, len, first=2)) == "一二三四五六七八"


def test_a_sign_no_font_has_stays_visible_and_control_signs_go() -> None:
    paper = Paper("题", author="局", at=AT)
    paper.text("王𠮷某\x07。")
    assert "王〓某。" in _texts(paper.output())[0]


def test_a_head_word_is_broken_only_where_the_columns_have_no_room_together() -> None:
    def head_of(names: list[str], weights: list[float]) -> str:
        paper = Paper("t", author="a", at=AT)
        paper.table([Column(name, weight=weight) for name, weight in zip(names, weights, strict=True)], [])
        return pypdfium2.PdfDocument(paper.output())[0].get_textpage().get_text_range()

    assert "Composite" in head_of(["Composite", "Name"], [0.05, 1.0])
    # More words than the paper is wide: the weights hold again.
    long = [f"Unbreakable{at}" for at in range(20)]
    assert "Unbreakable7" not in head_of(long, [1.0] * 20)


def test_a_picture_is_put_whole_on_a_page() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (400, 2000), "#0E6377").save(buffer, "PNG")
    data = as_pdf(Document("题", "局", AT, [Text("前"), Picture(buffer.getvalue(), "现场照片")]))
    assert "现场照片" in _texts(data)[1]


def test_a_matplotlib_figure_takes_chinese_letters() -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 2))
    figure.subplots().set_title("风玫瑰 SO₂", fontfamily=fonts.plot_family())
    paper = Paper("题", author="局", at=AT)
    paper.figure(figure, words="风玫瑰")
    assert "风玫瑰" in _texts(paper.output())[0]


def test_a_qr_code_is_drawn_as_it_was_made() -> None:
    paper = Paper("题", author="局", at=AT)
    paper.qr("https://example.org/排口/42", size=45, x=20, y=40, words="排口 42")
    document = pypdfium2.PdfDocument(paper.output())
    scale = 8
    picture = document[0].render(scale=scale).to_pil().convert("L")
    document.close()
    modules = qr.matrix("https://example.org/排口/42")
    step = 45 / (len(modules) + 8) * 72 / 25.4 * scale
    left, top = 20 * 72 / 25.4 * scale, 40 * 72 / 25.4 * scale
    seen = [
        [
            picture.getpixel((int(left + (4.5 + x) * step), int(top + (4.5 + y) * step))) < 128
            for x in range(len(modules))
        ]
        for y in range(len(modules))
    ]
    assert seen == modules
    assert "style" not in qr.svg("x")
    with pytest.raises(ValueError, match=r"."):
        qr.matrix("x" * 5000)


def test_a_chart_leaves_gaps_open_and_starts_at_zero() -> None:
    chart = Chart("图", "lines", list("abcde"), [Series("一", [1.0, 2.0, None, 4.0, 5.0])])
    scene = plots.scene(chart)
    assert [len(stroke.points) for stroke in scene.strokes] == [2, 2]
    assert scene.labels[0].text == "0"
    stack = plots.scene(Chart("图", "stack", ["一月"], [Series("优", [10.0]), Series("良", [20.0])]))
    low, high = [box for box in stack.boxes if "一月" in box.title]
    assert high.y + high.height == pytest.approx(low.y)
    assert high.height == pytest.approx(2 * low.height)
    assert plots.ticks(74) == [0, 20, 40, 60, 80]
    assert plots.ticks(0) == [0, 1]


def test_a_download_has_its_chinese_name() -> None:
    answer = download(b"x", "某市空气日报 2026-11-21", "pdf")
    assert "filename*=UTF-8''%E6%9F%90%E5%B8%82" in answer["Content-Disposition"]
    assert answer["Content-Type"] == "application/pdf"


def test_missing_fonts_say_what_to_run(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(fonts, "REGULAR", fonts.FOLDER / "none.ttf")
    with pytest.raises(FontsMissing, match="make setup"):
        Paper("题", author="局", at=AT)
