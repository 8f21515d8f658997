"""Roles and database of a fresh cluster."""

from __future__ import annotations

from collections.abc import Mapping

from ecobureau.supervisor.cluster import DATABASE, ROLES


def prepare_roles(url: str, words: Mapping[str, str], *, may_create_databases: bool = False) -> None:
    """Makes the roles with the passwords in `words` ('owner', 'app', 'superuser') and the database; may be repeated.

    url: address of the superuser. may_create_databases: for test servers, whose owner clones templates.
    """
    import psycopg
    from psycopg import sql

    with psycopg.connect(url, autocommit=True) as db:
        for role, extra in (("owner", "CREATEDB" if may_create_databases else ""), ("app", "")):
            name = ROLES[role]
            known = db.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone()
            word = db.pgconn.encrypt_password(words[role].encode(), name.encode(), b"scram-sha-256").decode()
            statement = sql.SQL("{verb} ROLE {name} LOGIN NOSUPERUSER {extra} PASSWORD {word}").format(
                verb=sql.SQL("ALTER" if known else "CREATE"),
                name=sql.Identifier(name),
                extra=sql.SQL(extra),
                word=sql.Literal(word),
            )
            db.execute(statement)
        word = db.pgconn.encrypt_password(words["superuser"].encode(), b"postgres", b"scram-sha-256").decode()
        db.execute(sql.SQL("ALTER ROLE postgres PASSWORD {}").format(sql.Literal(word)))
        # The owner may act as the application: it can end its sessions, and tests can try its rights.
        db.execute("GRANT ecobureau_app TO ecobureau_owner")
        if not db.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
            db.execute(sql.SQL("CREATE DATABASE {} OWNER ecobureau_owner").format(sql.Identifier(DATABASE)))
        db.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(DATABASE)))
        db.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO ecobureau_app").format(sql.Identifier(DATABASE)))
