#!/bin/sh
# Installs the portal, or the sandbox, into a folder of its own: these are the image's build steps.
#
#   tools/install.sh PREFIX SOURCE [portal|sandbox]
#
# PREFIX   an empty or missing folder; afterwards it holds venv/, app/ and migrations/ (or sandbox/).
#          It is not to be moved: the virtual environment knows its place.
# SOURCE   a checkout; only requirements/, app/, migrations/ and sandbox/ are read, nothing is written.
# PYTHON   from the environment: the interpreter to build upon, python3 by default.
#
# Needs no root and nothing but Python with venv. Start from PREFIX: `venv/bin/python -m app.serve`.
set -eu

usage() {
    echo "usage: $0 PREFIX SOURCE [portal|sandbox]" >&2
    exit 2
}

[ $# -eq 2 ] || [ $# -eq 3 ] || usage
case ${3:-portal} in
    portal) requirements=app.txt parts='app migrations' ;;
    sandbox) requirements=local.txt parts='sandbox' ;;
    *) usage ;;
esac
python=${PYTHON:-python3}

# Whoever builds, another user runs it: readable for all, writable for the owner.
umask 022
mkdir -p "$1"
prefix=$(cd "$1" && pwd)
source=$(cd "$2" && pwd)
if [ -n "$(ls -A "$prefix")" ]; then
    echo "$prefix is not empty" >&2
    exit 1
fi

"$python" -m venv "$prefix/venv"
"$prefix/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --require-hashes --only-binary :all: -r "$source/requirements/$requirements"

for part in $parts; do
    cp -R "$source/$part" "$prefix/$part"
    find "$prefix/$part" -type d -name __pycache__ -prune -exec rm -rf {} +
    chmod -R u+rwX,go+rX,go-w "$prefix/$part"
    # By content, not by date: the folder may be read-only and its dates may change on the way.
    "$prefix/venv/bin/python" -m compileall -q --invalidation-mode unchecked-hash "$prefix/$part"
done
