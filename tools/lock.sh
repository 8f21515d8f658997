#!/bin/sh
# Compile requirements/*.in to hashed lock files without any host in them. Needs uv; run it when a .in file changes.
set -eu
cd "$(dirname "$0")/../requirements"
for name in runtime setup dev node; do
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-emit-find-links --no-header --no-annotate "$name.in" -o "$name.txt"
done
if grep -l 'http' ./*.txt; then
    echo "a lock file names a host" >&2
    exit 1
fi
