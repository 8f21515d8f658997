"""The data area CP: items split by `;`, sub-values of one item by `,`, key and value by `=`; numbers stay text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from ecobureau.domain.hj212.deviations import Deviation

CpValue = str | dict[str, str]
Cp = dict[str, CpValue]

# fmt: off
NUMBER_FIELDS = frozenset((
    "Rtd", "ZsRtd", "Min", "Avg", "Max", "Cou", "ZsMin", "ZsAvg", "ZsMax", "Data", "DayData", "NightData", "RT", "Ala",
    "UpValue", "LowValue", "SampleRd", "StandardValue", "DayStdValue", "NightStdValue",
))
TEXT_FIELDS = frozenset(["Flag", "EFlag", "SampleTime", "RS", "Info", "SN", "CompleteTime", "SampleType", "ResultType"])
# fmt: on
STANDARD_FIELDS = NUMBER_FIELDS | TEXT_FIELDS
VENDOR_FIELDS = frozenset(["ZsCou", "ValidNum", "TotalNum", "Ia", "Pt"])
"""Fields of vendors that the field shows often; others that the standard lacks count as unknown (or mistyped)."""

_ANY_CASE_FIELDS = {field.lower(): field for field in STANDARD_FIELDS}
# fmt: off
SINGLE_KEYS = frozenset((
    "DataTime", "QN", "CN", "QnRtn", "ExeRtn", "SystemTime", "BeginTime", "EndTime", "PolId", "NewPW", "OverTime",
    "ReCount", "RtdInterval", "MinInterval", "RestartTime", "VaseNo", "CstartTime", "CTime", "Ctime", "Stime",
    "InfoId", "AlarmTime", "AlarmType", "AlarmTarget", "WarnTime", "ReportTarget", "ReportTime", "CalibrationType",
    "SKCreateTime", "NewSK", "MN", "DayStdValue", "NightStdValue", "SampleTime",
))
# fmt: on
_ANY_CASE_SINGLES = {key.lower(): key for key in SINGLE_KEYS if key != "Ctime"}

NOISE_FACTORS = frozenset(["LA", "L5", "L10", "L50", "L90", "L95", "Leq", "Ldn", "Ld", "Ln", "LMx", "LMn"])
_FACTOR = re.compile(r"[a-z][0-9]{5}|[a-z][0-9]{2}[0-9a-zA-Z]{3}|SB[0-9]{1,3}|[0-9]{2,3}|[BS][0-9]{2}|I33400")
SIGNED_FACTORS = frozenset(
    {"a01001", "a01006", "a01012", "a01013", "a01015", "a01017", "w01010", "S03", "S04", "S06", "S08"}
)
"""Temperatures and gauge pressures: a negative value is nothing odd there."""
LONGEST_FRACTION = 6
"""Decimal places beyond this are float noise; the widest format of annex B has four."""

_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_EXPONENT = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+")
_LOOSE = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_CLEAN = re.compile(rf"[0-9]++(?:\.[0-9]{{1,{LONGEST_FRACTION}}}+)?+")
_SEPARATORS = re.compile("([;,])")
_LOG_END = re.compile(r"//\s*(?=[;,]|$)")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class CpResult(NamedTuple):
    """What a data area says."""

    cp: Cp
    deviations: list[Deviation]
    error: bool


Token = tuple[str, str, str | None]
"""One `key=value` of CP: the separator before it (`""` for the first), its text, and its value where that is a log
`//…//` (or an unclosed one; then the text ends before it), else None."""


def tokens(text: str, found: list[Deviation]) -> list[Token]:
    """Split CP on `;` and `,` outside of logs."""
    if "//" not in text:
        parts = _SEPARATORS.split(text)
        return [(parts[place - 1] if place else "", parts[place], None) for place in range(0, len(parts), 2)]
    return list(_with_logs(text, found))


def _with_logs(text: str, found: list[Deviation]) -> Iterator[Token]:
    here, separator = 0, ""
    size = len(text)
    while True:
        match = _SEPARATORS.search(text, here)
        end = match.start() if match else size
        equals = text.find("=", here, end)
        start = equals + 1
        if equals >= 0 and text[start:end].lstrip().startswith("//"):
            start = text.index("//", start)
            close = _LOG_END.search(text, start + 2)
            if close is None:
                found.append(Deviation("cp.log_unclosed", text[start : start + 60]))
            end = close.end() if close else size
            yield separator, text[here:start], text[start:end].rstrip()
            match = _SEPARATORS.match(text, end)
        else:
            yield separator, text[here:end], None
        if match is None:
            return
        separator = match.group()
        here = end + 1


class Key(NamedTuple):
    """What a key of CP says by itself.

    Attributes:
        factor, field: its two parts; both empty for a single key such as `DataTime`.
        odd: deviations of its form.
        number: its values are numbers; `signed`: which may be negative.
    """

    factor: str
    field: str
    odd: tuple[Deviation, ...]
    number: bool
    signed: bool


def split_key(key: str) -> tuple[str, str]:
    """Return (factor, field) of a CP key, or ("", "") for a single key such as `DataTime`.

    The field is what follows the last dash; factor codes may hold dashes of their own.
    """
    factor, dash, field = key.rpartition("-")
    if dash and factor and field:
        return factor, field
    return "", ""


@lru_cache(maxsize=4096)
def read_key(key: str) -> Key:
    """Return what a key says; remembered, since devices send the same few for years."""
    factor, field = split_key(key)
    if factor:
        # Production codes of 2025 (p99101) carry state letters as values.
        number = field in NUMBER_FIELDS and not (factor[0] == "p" and factor[1:].isdigit())
        return Key(factor, field, tuple(_factor_names(key, factor, field)), number, factor in SIGNED_FACTORS)
    odd: tuple[Deviation, ...] = ()
    if not key or key.startswith("-") or key.endswith("-"):
        odd = (Deviation("cp.key_form", key),)
    elif key not in SINGLE_KEYS and key != "Flag":
        odd = (Deviation("cp.field_name" if key.lower() in _ANY_CASE_SINGLES else "cp.unknown_field", key),)
    return Key("", "", odd, False, False)


def _factor_names(key: str, factor: str, field: str) -> Iterator[Deviation]:
    if field not in STANDARD_FIELDS:
        if field in VENDOR_FIELDS:
            yield Deviation("cp.vendor_field", key)
        else:
            yield Deviation("cp.field_name" if field.lower() in _ANY_CASE_FIELDS else "cp.unknown_field", key)
    if factor not in NOISE_FACTORS and not _FACTOR.fullmatch(factor):
        yield Deviation("cp.key_form" if "-" in factor else "cp.private_factor", factor)


def parse_cp(text: str) -> CpResult:
    """Read the content of CP (between its `&&` marks).

    Returns:
        The items in order: single keys as text, factors as dictionaries of their fields; of a repeated key the last
        value stands and the deviation names all. Numbers stay text. `error` is set where nothing could be understood.
    Source: HJ 212-2017 6.3.4, tables 4 to 6.
    """
    found: list[Deviation] = []
    cp: Cp = {}
    if not text.strip():
        return CpResult(cp, [Deviation("cp.blanks", "")] if text else found, False)
    state = _State(cp, found)
    understood = total = 0
    all_tokens = tokens(text, found)
    last = len(all_tokens) - 1
    for place, (separator, item, log) in enumerate(all_tokens):
        if log is None and (not item or item.isspace()):
            if place:
                code = "cp.trailing_separator" if place == last else "cp.empty_item"
                found.append(Deviation(code, separator))
            state.blanks |= bool(item)
            continue
        total += 1
        understood += state.take(separator, item, log)
    state.finish()
    if "&&" in text:
        found += [Deviation("cp.marks_inside", item) for _, item, log in all_tokens if log is None and "&&" in item]
    control = _CONTROL.search(text)
    if control:
        found.append(Deviation("cp.control_characters", repr(control.group())))
    return CpResult(cp, found, bool(control) or (total > 0 and understood == 0))


class _State:
    """What one walk over the items of a CP remembers."""

    def __init__(self, cp: Cp, found: list[Deviation]) -> None:
        self.cp = cp
        self.found = found
        self.blanks = False
        self.before = ""
        self.repeated: dict[str, list[str]] = {}
        self.mixed: list[str] = []

    def take(self, separator: str, item: str, log: str | None) -> bool:
        """Enter one item; False where it has no equals sign."""
        name, equals, value = item.partition("=")
        if log is not None:
            value = log
        bare_name, bare = name.strip(), value.strip()
        self.blanks |= bare_name != name or bare != value
        if not equals:
            self.found.append(Deviation("cp.no_equals", bare_name))
        key = read_key(bare_name)
        factor = key.factor
        if key.odd:
            # What is odd about a factor's code is told with its first field, not with each.
            again = factor != "" and factor == self.before
            self.found += [one for one in key.odd if not (again and one.detail == factor)]
        if factor:
            self._enter_field(separator, bare_name, factor, key.field, bare)
        else:
            self._enter_single(separator, bare_name, bare)
        self.before = factor
        if equals and log is None and not (key.number and _CLEAN.fullmatch(bare)):
            self._value(bare_name, key, bare)
        return bool(equals)

    def _enter_field(self, separator: str, name: str, factor: str, field: str, value: str) -> None:
        same = factor == self.before
        inner = self.cp.get(factor)
        if not isinstance(inner, dict):
            if inner is not None:
                self.repeated.setdefault(factor, [inner]).append(f"{field}={value}")
            inner = self.cp[factor] = {}
        elif not same:
            self.found.append(Deviation("cp.duplicate_factor", factor))
        # A semicolon before a field that stands already begins the factor's second group: that is told as such.
        if same != (separator == ",") and not (same and field in inner) and separator:
            self.mixed.append(separator + name)
        if field in inner:
            self.repeated.setdefault(name, [inner[field]]).append(value)
        inner[field] = value

    def _enter_single(self, separator: str, name: str, value: str) -> None:
        if separator == ",":
            self.mixed.append(separator + name)
        old = self.cp.get(name)
        if old is not None:
            shown = old if isinstance(old, str) else ",".join(f"{field}={text}" for field, text in old.items())
            self.repeated.setdefault(name, [shown]).append(value)
        self.cp[name] = value
        if name == "Flag":
            self.found.append(Deviation("cp.factorless_flag", value))

    def _value(self, name: str, key: Key, value: str) -> None:
        shown = f"{name}={value}"
        if not value:
            empty_time = (key.field or name) == "SampleTime"
            self.found.append(Deviation("data_time.sample_time_empty" if empty_time else "cp.empty_value", shown))
        elif "=" in value:
            self.found.append(Deviation("cp.equals_in_value", shown))
        elif key.number:
            self._number(shown, key, value)

    def _number(self, shown: str, key: Key, value: str) -> None:
        if _PLAIN.fullmatch(value):
            if value[0] == "-" and not key.signed:
                self.found.append(Deviation("cp.negative_value", shown))
            if len(value.partition(".")[2]) > LONGEST_FRACTION:
                self.found.append(Deviation("cp.long_fraction", shown))
        elif _EXPONENT.fullmatch(value):
            self.found.append(Deviation("cp.exponent", shown))
        elif _LOOSE.fullmatch(value):
            self.found.append(Deviation("cp.number_form", shown))
        else:
            self.found.append(Deviation("cp.not_a_number", shown))

    def finish(self) -> None:
        """Report what is told once for the whole CP."""
        if self.blanks:
            self.found.append(Deviation("cp.blanks", ""))
        if self.mixed:
            self.found.append(Deviation("cp.separator", " ".join(self.mixed)))
        for key, values in self.repeated.items():
            self.found.append(Deviation("cp.duplicate_key", f"{key}: {' | '.join(values)}"))
