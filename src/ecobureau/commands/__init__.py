"""What the command line does. One module a sub-command, with `add_parser(commands)` and `run(arguments) -> int`."""

import importlib.util

_NAMES = (
    "demo",
    "up",
    "gateway",
    "web",
    "worker",
    "migrate",
    "manage",
    "simulate",
    "simulate-detection",
    "import",
    "hj212",
    "detect",
    "standards",
    "verify",
    "doctor",
    "pg",
)

COMMANDS: tuple[str, ...] = tuple(
    name for name in _NAMES if importlib.util.find_spec(f"ecobureau.commands.{name.replace('-', '_')}") is not None
)
"""Names of the sub-commands that this build holds, in the order `--help` shows them."""
