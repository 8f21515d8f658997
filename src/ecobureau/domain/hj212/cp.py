"""The data area CP: items split by `;`, sub-values of one item by `,`, key and value by `=`; numbers stay text."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
    "InfoId", "AlarmTime", "AlarmType", "WarnTime", "ReportTarget", "ReportTime", "CalibrationType", "SKCreateTime",
    "NewSK", "MN", "DayStdValue", "NightStdValue", "SampleTime",
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
_SEPARATOR = re.compile("[;,]")
_LOG_END = re.compile(r"//\s*(?=[;,]|$)")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class CpResult(NamedTuple):
    """What a data area says."""

    cp: Cp
    deviations: list[Deviation]
    error: bool


class Token(NamedTuple):
    """One `key=value` of CP with the separator before it (`""` for the first)."""

    separator: str
    text: str
    log: str | None
    """The value where it is a log `//…//` (or an unclosed one), else None; then `text` ends before it."""


def tokens(text: str, found: list[Deviation]) -> Iterator[Token]:
    """Split CP on `;` and `,` outside of logs."""
    here, separator = 0, ""
    size = len(text)
    while here <= size:
        match = _SEPARATOR.search(text, here)
        end = match.start() if match else size
        equals = text.find("=", here, end)
        start = equals + 1
        if equals >= 0 and text[start:end].lstrip().startswith("//"):
            start = text.index("//", start)
            close = _LOG_END.search(text, start + 2)
            if close is None:
                found.append(Deviation("cp.log_unclosed", text[start : start + 60]))
            log_end = close.end() if close else size
            yield Token(separator, text[here:start], text[start:log_end].rstrip())
            match = _SEPARATOR.match(text, log_end)
            end = log_end
        else:
            yield Token(separator, text[here:end], None)
        if match is None:
            return
        separator = match.group()
        here = end + 1


def split_key(key: str) -> tuple[str, str]:
    """Return (factor, field) of a CP key, or ("", "") for a single key such as `DataTime`.

    The field is what follows the last dash; factor codes may hold dashes of their own.
    """
    factor, dash, field = key.rpartition("-")
    if dash and factor and field:
        return factor, field
    return "", ""


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
    last = None
    for token in tokens(text, found):
        if last is not None:
            _empty(last, found, at_end=False)
        last = None
        if not token.text.strip():
            last = token
            if token.separator == "" and token.text:
                state.blanks = True
            continue
        total += 1
        understood += state.take(token)
    if last is not None:
        _empty(last, found, at_end=True)
    state.finish()
    control = _CONTROL.search(text)
    if control:
        found.append(Deviation("cp.control_characters", repr(control.group())))
    return CpResult(cp, found, bool(control) or (total > 0 and understood == 0))


def _empty(token: Token, found: list[Deviation], *, at_end: bool) -> None:
    found.append(Deviation("cp.trailing_separator" if at_end else "cp.empty_item", token.separator))


class _State:
    """What one walk over the items of a CP remembers."""

    def __init__(self, cp: Cp, found: list[Deviation]) -> None:
        self.cp = cp
        self.found = found
        self.blanks = False
        self.before: str | None = None
        self.repeated: dict[str, list[str]] = {}
        self.groups: set[str] = set()
        self.mixed: list[str] = []

    def take(self, token: Token) -> bool:
        """Enter one item; False where it has no equals sign."""
        key, equals, value = token.text.partition("=")
        if token.log is not None:
            value = token.log
        bare_key, bare_value = key.strip(), value.strip()
        if bare_key != key or bare_value != value:
            self.blanks = True
        if not equals:
            self.found.append(Deviation("cp.no_equals", bare_key))
        factor, field = split_key(bare_key)
        self._separator(token.separator, factor, bare_key)
        self._enter(bare_key, factor, field, bare_value)
        if equals and token.log is None:
            self._value(bare_key, factor, field, bare_value)
        return bool(equals)

    def _separator(self, separator: str, factor: str, key: str) -> None:
        same = bool(factor) and factor == self.before
        if separator == "," and not same:
            self.mixed.append(f",{key}")
        elif separator == ";" and same and not self._known(key):
            self.mixed.append(f";{key}")
        if factor and not same and factor in self.groups:
            self.found.append(Deviation("cp.duplicate_factor", factor))
        if factor:
            self.groups.add(factor)
        self.before = factor or None

    def _known(self, key: str) -> bool:
        factor, field = split_key(key)
        inner = self.cp.get(factor or key)
        return inner is not None and (not factor or (isinstance(inner, dict) and field in inner))

    def _enter(self, key: str, factor: str, field: str, value: str) -> None:
        if factor:
            self._names(key, factor, field)
            inner = self.cp.get(factor)
            if not isinstance(inner, dict):
                if inner is not None:
                    self.repeated.setdefault(factor, [inner]).append(f"{field}={value}")
                inner = self.cp[factor] = {}
            if field in inner:
                self.repeated.setdefault(key, [inner[field]]).append(value)
            inner[field] = value
            return
        old = self.cp.get(key)
        if old is not None:
            shown = old if isinstance(old, str) else ",".join(f"{name}={text}" for name, text in old.items())
            self.repeated.setdefault(key, [shown]).append(value)
        self.cp[key] = value
        if key == "Flag":
            self.found.append(Deviation("cp.factorless_flag", value))
        elif not key or key.startswith("-") or key.endswith("-"):
            self.found.append(Deviation("cp.key_form", key))
        elif key not in SINGLE_KEYS and key.lower() in _ANY_CASE_SINGLES:
            self.found.append(Deviation("cp.field_name", key))

    def _names(self, key: str, factor: str, field: str) -> None:
        if field not in STANDARD_FIELDS:
            if field in VENDOR_FIELDS:
                self.found.append(Deviation("cp.vendor_field", key))
            elif field.lower() in _ANY_CASE_FIELDS:
                self.found.append(Deviation("cp.field_name", key))
            else:
                self.found.append(Deviation("cp.unknown_field", key))
        if factor not in NOISE_FACTORS and not _FACTOR.fullmatch(factor):
            self.found.append(Deviation("cp.key_form" if "-" in factor else "cp.private_factor", factor))

    def _value(self, key: str, factor: str, field: str, value: str) -> None:
        code = ""
        if not value:
            code = "data_time.sample_time_empty" if (field or key) == "SampleTime" else "cp.empty_value"
        elif "=" in value:
            code = "cp.equals_in_value"
        elif field in NUMBER_FIELDS and not (factor[0] == "p" and factor[1:].isdigit()):
            self._number(key, factor, value)
        if code:
            self.found.append(Deviation(code, f"{key}={value}"))

    def _number(self, key: str, factor: str, value: str) -> None:
        shown = f"{key}={value}"
        if _PLAIN.fullmatch(value):
            if value[0] == "-" and factor not in SIGNED_FACTORS:
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
