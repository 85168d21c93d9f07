# SPDX-License-Identifier: Apache-2.0
# Sourced by the commands of this folder: what they need on the machine, and how it gets there.

# What a build needs.
build_packages=(
  bazel-bootstrap
  bazel-platforms
  bazel-rules-java
  bazel-rules-proto
  bazel-skylib
  g++
  libabsl-dev
  libboost1.81-dev
  libcrypt-dev
  libcurl4-openssl-dev
  libdeflate-dev
  libssl-dev
  libyaml-cpp-dev
  libzstd-dev
  pkg-config
  prometheus-cpp-dev
  zlib1g-dev
)

# What the tests need besides: their libraries, the programs that they run, what Bazel packs their output with, and
# python3 to read their results.
test_packages=(
  curl
  file
  libbenchmark-dev
  libboost-thread1.81-dev
  libgmock-dev
  libgtest-dev
  openssl
  python3
  wrk
  zip
)

# What --config=clang and the sanitizers need besides.
clang_packages=(
  clang-19
  libclang-rt-19-dev
)

# What `tools/bench http` needs besides: what measures, and the rivals. nginx is fetched by third_party/programs.bzl.
http_bench_packages=(
  libbenchmark-dev
  libfmt-dev
  libhttp-parser-dev
  librestinio-dev
  python3
  python3-aiohttp
  wrk
)

# Where the commands keep what may be thrown away but is worth keeping.
cache="${XDG_CACHE_HOME:-$HOME/.cache}/prometheus-async"

# Prints those of the given packages that are not installed. `--root=DIR` before them asks about the system in there.
missing_packages() {
  local package root=()
  if [[ $1 == --root=* ]]; then
    root=("$1")
    shift
  fi
  for package in "$@"; do
    if [[ $(dpkg-query "${root[@]}" --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then
      echo "$package"
    fi
  done
}

# Installs those of the given packages that are missing, and says so. Ends the program where it cannot.
install_missing() {
  local missing elevate=()
  if ! grep -qs '^VERSION_CODENAME=bookworm$' /etc/os-release; then
    echo "Only Debian 12 is set up by this command. It needs these packages, or what they are called elsewhere:" >&2
    printf '  %s\n' "$@" >&2
    exit 1
  fi
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then
    return
  fi
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "Run this as root, as there is no sudo: apt-get install --no-install-recommends ${missing[*]}" >&2
      exit 1
    fi
    elevate=(sudo)
  fi
  echo "Installing: ${missing[*]}"
  "${elevate[@]}" apt-get -qq update
  "${elevate[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -o Dpkg::Use-Pty=0 install --yes --no-install-recommends "${missing[@]}" >/dev/null
}

# Prints the sum of the lines `N passed, N failed` in a file, as such a line.
total_of() {
  awk '/^[0-9]+ passed, [0-9]+ failed/ { passed += $1; failed += $3 }
    END { print passed + 0 " passed, " failed + 0 " failed" }' "$1"
}
