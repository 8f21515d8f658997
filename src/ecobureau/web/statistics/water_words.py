"""Which items of water tables show, and with how many digits."""

SHOWN = ("ph", "do", "codmn", "nh3n", "tp")
DIGITS = {
    "ph": 1,
    "do": 2,
    "codmn": 1,
    "nh3n": 2,
    "tp": 3,
    "tn": 2,
    "chla": 1,
    "sd": 2,
    "cod": 1,
    "bod5": 1,
    "f": 2,
    "oil": 2,
    "las": 2,
}
"""Digits that tables show; classes rest on the unrounded values."""
