"""Tables in: CSV and XLSX files of organisations, rosters, enterprises, outlets, stations and limits.

Every row goes through the services, so that a dry run finds what the real run would find. A file is taken whole or not
at all.
"""

from ecobureau.web.sources.importing.kinds import KINDS, ImportKind, add_kind, kind_of
from ecobureau.web.sources.importing.run import Report, RowProblem, run_import
from ecobureau.web.sources.importing.tables import BadFile, Table, read_table

__all__ = [
    "KINDS",
    "BadFile",
    "ImportKind",
    "Report",
    "RowProblem",
    "Table",
    "add_kind",
    "kind_of",
    "read_table",
    "run_import",
]
