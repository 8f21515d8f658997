"""Chinese templates of the message codes, one module a room. Each module has `CODES: dict[str, str]`."""
