"""Every departure from the standard that frames of the field show, each with a stable code.

The number is the item of the list of deviations that the reference of this protocol keeps (its section 12):
1 CRC, 2 length, 3 line end and stream, 4 QN, 5 DataTime, 6 Flag, 7 MN PW ST and header, 8 CP, 9 charset, 10 answers,
11 dialogue; 0 for what only explains an error.
"""

from __future__ import annotations

from typing import NamedTuple


class Deviation(NamedTuple):
    """One departure: its stable code of `DEVIATIONS`, and what was seen."""

    code: str
    detail: str


class DeviationSpec(NamedTuple):
    """What a code means.

    Attributes:
        number: item of the list of deviations, 0 for what only explains an error.
        zh, en: the meaning in both languages.
        error: the `Frame.error` that it always comes with, or None where the frame stays good in lenient mode.
        where: who can see it: `frame` (the frame alone), `stream` (several frames of one connection),
            `clock` (needs the time of receipt), `dialogue` (a request and its answers),
            `gateway` (several connections).
    """

    number: int
    zh: str
    en: str
    error: str | None = None
    where: str = "frame"


_S = DeviationSpec

DEVIATIONS: dict[str, DeviationSpec] = {
    # 1 CRC
    "crc.modbus": _S(
        1, "校验码是 CRC-16/Modbus，不是本标准的 CRC", "the check is CRC-16/Modbus, not the CRC of the standard", "crc"
    ),
    "crc.modbus_swapped": _S(
        1, "校验码是高低字节对调的 CRC-16/Modbus", "the check is CRC-16/Modbus with its bytes swapped", "crc"
    ),
    "crc.swapped": _S(1, "校验码的高低字节对调了", "the check is the right CRC with its bytes swapped", "crc"),
    "crc.mismatch": _S(1, "校验码与数据段不符", "the check does not belong to the segment", "crc"),
    "crc.missing": _S(1, "没有校验码", "there is no check", "crc"),
    "crc.not_hex": _S(1, "校验码不是十六进制数字", "the check is not made of hex digits", "crc"),
    "crc.three_digits": _S(
        1, "校验码不足四位（前导零被省略）", "the check has fewer than four digits (leading zeros dropped)"
    ),
    "crc.lower_case": _S(1, "校验码用了小写字母", "the check is written in lower case"),
    # 2 length
    "length.frame_counted": _S(
        2, "长度把包头、校验码等也算了进去", "the length counts parts of the envelope too", "length"
    ),
    "length.characters": _S(
        2, "长度按字符数而不是字节数计算", "the length counts characters instead of bytes", "length"
    ),
    "length.mismatch": _S(2, "长度与数据段不符", "the length is not that of the segment", "length"),
    "length.malformed": _S(2, "长度不是写成四位数字，数值也不对", "the length is not four digits, and wrong", "length"),
    "length.digits": _S(2, "长度不是写成四位数字，但数值正确", "the length is right, but not written with four digits"),
    "length.over_1024": _S(2, "数据段超过 1024 字节", "the segment is longer than 1024 bytes"),
    "length.cp_over_limit": _S(2, "数据区超过标准规定的长度", "the data area is longer than the standard allows"),
    # 3 line end, stream
    "line_end.missing": _S(3, "包尾没有回车换行", "CR LF is missing at the end"),
    "line_end.missing_before": _S(
        3, "上一包的包尾没有回车换行", "CR LF was missing at the end of the frame before", where="stream"
    ),
    "line_end.lf_only": _S(3, "包尾只有换行", "the frame ends with LF alone"),
    "line_end.cr_only": _S(3, "包尾只有回车", "the frame ends with CR alone"),
    "line_end.doubled": _S(3, "包尾的回车换行重复", "CR LF is doubled at the end"),
    "stream.text_before": _S(
        3,
        "首包之前有其他内容（如 DTU 注册包）",
        "other text stood before the first frame (a DTU registration, for example)",
        where="stream",
    ),
    "stream.several_mn": _S(3, "一条连接上出现多个 MN", "several MN on one connection", where="stream"),
    "stream.several_connections": _S(3, "同一 MN 有多条连接", "several connections of one MN", where="gateway"),
    "frame.truncated": _S(3, "数据包不完整", "the frame is cut short", "truncated"),
    # 4 QN
    "qn.missing": _S(4, "没有 QN", "QN is missing"),
    "qn.epoch": _S(4, "QN 是 13 位的毫秒时间戳", "QN is a 13-digit epoch in milliseconds"),
    "qn.18_digits": _S(4, "QN 有 18 位", "QN has 18 digits"),
    "qn.malformed": _S(4, "QN 不是 17 位时间", "QN is not a time of 17 digits"),
    "qn.in_cp": _S(4, "QN 写在数据区里", "QN stands inside CP"),
    "qn.repeated": _S(4, "同一 QN 用于不同的数据", "one QN serves different data", where="stream"),
    "qn.same_for_packets": _S(4, "拆分的各包使用同一 QN", "all split packets have the same QN", where="stream"),
    "qn.clock_wrong": _S(
        4,
        "QN 与收到的时间相差太多，设备时钟不准",
        "QN is far from the time of receipt: the device's clock is wrong",
        where="clock",
    ),
    # 5 DataTime
    "data_time.17_digits": _S(5, "DataTime 有 17 位", "DataTime has 17 digits"),
    "data_time.16_digits": _S(5, "DataTime 有 16 位", "DataTime has 16 digits"),
    "data_time.malformed": _S(5, "DataTime 不是 14 位的时间", "DataTime is not a time of 14 digits"),
    "data_time.missing": _S(5, "有数据而没有 DataTime", "there are data but no DataTime"),
    "data_time.end_stamped": _S(
        5, "DataTime 是时段的结束而不是开始", "DataTime is the end of the period, not its start"
    ),
    "data_time.future": _S(5, "DataTime 在将来", "DataTime lies in the future", where="clock"),
    "data_time.sample_time_empty": _S(5, "SampleTime 为空", "SampleTime is empty"),
    # 6 Flag
    "flag.missing": _S(6, "没有 Flag", "Flag is missing"),
    "flag.name": _S(6, "Flag 的字段名写法不对", "the field name Flag is written otherwise"),
    "flag.split_without_numbers": _S(
        6, "Flag 表示拆分包，却没有 PNUM、PNO", "Flag says split, but PNUM or PNO is missing"
    ),
    "flag.numbers_without_split": _S(
        6, "有 PNUM、PNO，Flag 却没有表示拆分包", "PNUM or PNO stands there, but Flag does not say split"
    ),
    "flag.version_other": _S(
        6, "Flag 的版本位与站点设置的版本不符", "the version bits are of another edition than the station's"
    ),
    "flag.version_unknown": _S(6, "Flag 的版本位没有对应的版本", "the version bits name no edition"),
    "flag.command_edition": _S(
        6, "命令编码不属于 Flag 所示的版本", "the command is not of the edition that Flag names"
    ),
    # 7 MN, PW, ST, header
    "mn.length": _S(7, "MN 的长度与版本不符", "MN has not the length of its edition"),
    "mn.alphabet": _S(7, "MN 不是大写十六进制字符", "MN is not made of upper-case hex digits"),
    "pw.missing": _S(7, "没有 PW", "PW is missing"),
    "pw.empty": _S(7, "PW 为空", "PW is empty"),
    "pw.length": _S(7, "PW 不是 6 位", "PW has not 6 characters"),
    "st.three_digits": _S(7, "ST 有三位", "ST has three digits"),
    "st.malformed": _S(7, "ST 不是两位系统编码", "ST is not a system code of two characters"),
    "st.unknown": _S(7, "ST 不在标准的编码分组之内", "ST lies outside the groups of the standard"),
    "cn.unknown": _S(7, "标准里没有这个命令编码", "the standard has no such command code"),
    "header.order": _S(7, "包头字段的次序不同", "the header fields stand in another order"),
    "header.stray_comma": _S(7, "包头里有多余的逗号", "a stray comma in the header"),
    "header.blanks": _S(7, "包头里有空白", "blanks in the header"),
    "header.empty_item": _S(7, "包头里有空项", "an empty item in the header"),
    "header.separator": _S(7, "包头字段之间缺少分号", "a semicolon is missing between header fields"),
    "header.name": _S(7, "包头字段名的大小写不对", "a header field name in other case"),
    "header.duplicate": _S(7, "包头字段重复", "a header field is repeated"),
    "header.unknown": _S(7, "包头里有标准没有的内容", "something in the header that the standard does not know"),
    "rf.malformed": _S(7, "RF 不是 1", "RF is not 1"),
    "header.no_st": _S(0, "没有 ST", "ST is missing", "header"),
    "header.no_cn": _S(0, "没有 CN，或 CN 不是四位数字", "CN is missing or is not four digits", "header"),
    "header.no_mn": _S(0, "没有 MN", "MN is missing", "header"),
    "header.flag_not_number": _S(0, "Flag 不是 0 到 255 的数", "Flag is not a number of 0 to 255", "header"),
    "header.packet_number": _S(0, "PNUM、PNO 不是合理的包号", "PNUM and PNO are not sensible packet numbers", "header"),
    # 8 CP
    "cp.missing": _S(0, "没有数据区 CP", "there is no data area CP", "cp"),
    "cp.no_opening": _S(0, "数据区缺少开头的 &&", "the opening && of the data area is missing", "cp"),
    "cp.no_closing": _S(0, "数据区缺少结尾的 &&", "the closing && of the data area is missing", "cp"),
    "cp.control_characters": _S(0, "数据区里有控制字符", "control characters in the data area", "cp"),
    "cp.trailing_separator": _S(8, "数据区末尾有多余的分隔符", "a separator too many at the end of the data area"),
    "cp.empty_item": _S(8, "数据区里有空项", "an empty item in the data area"),
    "cp.blanks": _S(8, "数据区里有空白", "blanks in the data area"),
    "cp.separator": _S(8, "逗号与分号用得与标准不同", "comma and semicolon are used otherwise than in the standard"),
    "cp.duplicate_key": _S(8, "同一键出现多次", "a key is repeated"),
    "cp.duplicate_factor": _S(8, "同一因子在一包里出现多组", "a factor stands in several groups of one frame"),
    "cp.factorless_flag": _S(8, "Flag 没有带因子编码", "a Flag without a factor"),
    "cp.no_equals": _S(8, "有一项没有等号", "an item without an equals sign"),
    "cp.equals_in_value": _S(
        8, "值里还有等号（可能缺了分隔符）", "an equals sign inside a value (a separator may be missing)"
    ),
    "cp.marks_inside": _S(8, "数据区中间还有 &&", "&& stands inside the data area"),
    "cp.field_name": _S(8, "字段名的大小写不对", "a field name in other case"),
    "cp.unknown_field": _S(8, "标准里没有这个字段名", "the standard has no such field name"),
    "cp.vendor_field": _S(8, "厂商自定的字段", "a vendor's own field"),
    "cp.private_factor": _S(8, "自定的因子编码", "a private factor code"),
    "cp.key_form": _S(8, "键的写法不合规", "a key of another form"),
    "cp.log_unclosed": _S(8, "日志没有结尾的 //", "a log without its closing //"),
    "cp.negative_value": _S(8, "不应为负的数值为负", "a negative value where none can be"),
    "cp.long_fraction": _S(8, "小数位太多", "too many decimal places"),
    "cp.exponent": _S(8, "数值用了科学计数法", "a number in exponent form"),
    "cp.number_form": _S(8, "数值的写法不规范", "a number of another form"),
    "cp.not_a_number": _S(8, "应为数值而不是", "a number was expected"),
    "cp.empty_value": _S(8, "值为空", "an empty value"),
    # 9 charset
    "charset.gbk": _S(9, "中文是 GBK 编码，不是 UTF-8", "Chinese text in GBK instead of UTF-8"),
    "charset.unknown": _S(9, "字节既不是 UTF-8 也不是 GB18030", "the bytes are neither UTF-8 nor GB18030"),
    # 2025 encryption
    "crypt.text_form": _S(0, "密文写成 {0x..} 文本", "the cipher text is written as {0x..}"),
    "crypt.no_key": _S(0, "数据区是密文，而没有密钥", "the data area is cipher text, and there is no key", "crc"),
    "crypt.wrong_key": _S(0, "用所给的密钥解不开数据区", "the given key does not open the data area", "crc"),
    "crypt.crc_of_cipher": _S(
        0, "校验码是按密文而不是明文计算的", "the check is that of the cipher text instead of the plain text", "crc"
    ),
    # 10 answers
    "answer.qn_rtn_in_9014": _S(10, "9014 带有 QnRtn", "9014 carries QnRtn"),
    "answer.st_not_91": _S(10, "应答的 ST 不是 91", "the ST of an answer is not 91"),
    "answer.asks_answer": _S(10, "应答又要求应答", "an answer asks for an answer"),
    "answer.no_qn": _S(10, "应答没有 QN", "an answer without QN"),
    "answer.no_code": _S(10, "应答没有 QnRtn 或 ExeRtn", "an answer without QnRtn or ExeRtn"),
    "answer.not_echoed": _S(
        10, "应答的 QN、PW 或 MN 与请求不同", "QN, PW or MN of an answer differ from the request", where="dialogue"
    ),
    "answer.resent_for_ever": _S(
        10, "设备不断重发已经应答的数据", "the device resends for ever what was answered", where="stream"
    ),
    # 11 dialogue
    "dialogue.no_9011": _S(11, "没有 9011 就来了数据或 9012", "data or 9012 came without 9011", where="dialogue"),
    "dialogue.no_9012": _S(11, "有数据而没有 9012", "data came, but no 9012", where="dialogue"),
    "dialogue.9012_early": _S(11, "9012 先于最后的数据到达", "9012 came before the last data", where="dialogue"),
}
"""All codes, in the order of the reference. `docs/reference/hj212-deviations.md` is made from this table."""

_ITEMS = (
    (0, "What explains an error", "错误的说明"),
    (1, "CRC", "校验码"),
    (2, "Length", "长度"),
    (3, "Line end and stream", "包尾与字节流"),
    (4, "QN", "请求编号"),
    (5, "DataTime", "数据时间"),
    (6, "Flag", "标志位"),
    (7, "MN, PW, ST, header", "包头"),
    (8, "CP", "数据区"),
    (9, "Charset", "字符编码"),
    (10, "Answers", "应答"),
    (11, "Dialogue", "对话"),
)


def as_markdown() -> str:
    """Return the page of the documentation that lists all codes."""
    lines = [
        "# Deviations of HJ 212 frames / HJ 212 数据包的偏差代码",
        "",
        "<!-- Made from the table in src/ecobureau/domain/hj212/deviations.py by tools/hj212_deviations.py. -->",
        "",
        "Every departure from the standard that frames in the field show has a stable code. Lenient mode (the",
        "default) reads on and reports the codes with what was seen; strict mode refuses the frame with the same code.",
        "The errors `crc`, `length`, `header`, `cp` and `truncated` are never data, in lenient mode either.",
        "",
        "*Seen by*: `frame` the frame alone, `stream` several frames of one connection, `clock` the time of receipt,",
        "`dialogue` a request and its answers, `gateway` several connections. *Error*: the error it always comes with.",
    ]
    for number, english, chinese in (*_ITEMS[1:], _ITEMS[0]):
        lines += ["", f"## {f'{number}. ' if number else ''}{english} / {chinese}", ""]
        lines += ["| code | meaning | 含义 | error | seen by |", "| --- | --- | --- | --- | --- |"]
        for code, spec in DEVIATIONS.items():
            if spec.number == number:
                lines.append(f"| `{code}` | {spec.en} | {spec.zh} | {spec.error or ''} | {spec.where} |")
    return "\n".join(lines) + "\n"
