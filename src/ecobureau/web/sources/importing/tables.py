"""Tables from files; the reader is the kernel's, since records are imported as well."""

from ecobureau.web.core.tables import MOST_BYTES, MOST_COLUMNS, MOST_ROWS, BadFile, Table, read_table

__all__ = ["MOST_BYTES", "MOST_COLUMNS", "MOST_ROWS", "BadFile", "Table", "read_table"]
