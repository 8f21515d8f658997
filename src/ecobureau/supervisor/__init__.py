"""Starts, watches and stops the program's processes and the PostgreSQL that comes along with it. Imports no Django."""
