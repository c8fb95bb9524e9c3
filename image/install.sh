#!/bin/sh
# Installs tfjob-kit into an empty folder: a locked set of requirements/ and the wheel of this tree.
# The Dockerfile and `make image-check` run this and nothing else. Needs python3 (3.11 or newer) and pip.
#
#   image/install.sh FOLDER SET     SET: launcher, train or train-cuda
set -eu
folder=$1
set=$2
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

# The wheel, with the build backend that requirements/build.txt names, in an environment that is thrown away.
python3 -m venv "$scratch/build"
"$scratch/build/bin/pip" install --quiet --require-hashes -r requirements/build.txt
"$scratch/build/bin/python" -m hatchling build --target wheel --directory "$scratch" >/dev/null

# The environment. Modules are compiled here, since whoever runs them later may not write to the folder.
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --require-hashes -r "requirements/$set.txt"
"$folder/bin/pip" install --quiet --no-deps --no-index "$scratch"/tfjob_kit-*.whl
"$folder/bin/pip" check
