"""The telemetry store: writer, readers, books, seals. psycopg only, no Django.

Import what you need from the modules: `types` (values), `writer` (the only way in), `read` (bounded readers),
`books`, `commands`, `sessions`, `parts`, `partitions`, `rekey`, `seal`, `verify`.
"""
