#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the Debian mirror that this machine's own packages come from, in whichever format its sources are written.
set -euo pipefail

if ! command -v apt-get >/dev/null; then
  echo "apt-get is not here: only a Debian system names a mirror" >&2
  exit 1
fi
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
  awk -v codename="$codename" '
    $3 == "main" && ($2 == codename || $2 ~ /^(sid|unstable|testing|stable)$/) && mirror == "" { mirror = $1 }
    END { if (mirror == "") exit 1; print mirror }' ||
  { echo "no Debian mirror in the apt sources of this machine" >&2 && exit 1; }
