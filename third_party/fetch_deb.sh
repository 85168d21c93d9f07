#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fetch_deb.sh SUITE PACKAGE VERSION SHA256: unpacks an amd64 package of a suite of Debian into ./unpacked. VERSION and
# SHA256 may be empty: the version that the suite has, and apt's own check of it alone.
#
# A private apt root in the current folder is used, so that the machine's own sources stay as they are and no
# privileges are needed. The machine's apt settings (a proxy, say) still hold.
set -euo pipefail
suite=$1 package=$2 version=$3 sha256=$4

mirror=$(bash "$(dirname "${BASH_SOURCE[0]}")/debian_mirror.sh")
root=$PWD/apt
mkdir -p "$root"/{state/lists/partial,cache/archives/partial} unpacked
: >"$root/status"
echo "deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$root/sources.list"
options=(
  -q
  -o "APT::Architecture=amd64"
  -o "APT::Sandbox::User=" # apt's own user may not enter this folder
  -o "Acquire::Languages=none"
  -o "Dir::Cache=$root/cache"
  -o "Dir::Etc::SourceList=$root/sources.list"
  -o "Dir::Etc::SourceParts=/dev/null"
  -o "Dir::State=$root/state"
  -o "Dir::State::status=$root/status"
)
apt-get "${options[@]}" -o APT::Update::Error-Mode=any update
apt-get "${options[@]}" download "$package${version:+=$version}"
if [[ -n $sha256 ]]; then
  echo "$sha256 $(echo "$package"_*.deb)" | sha256sum --check --strict -
fi
dpkg-deb --extract "$package"_*.deb unpacked
rm -r "$root" "$package"_*.deb
