# SPDX-License-Identifier: Apache-2.0
"""Where the dependencies of a WORKSPACE come from: the libraries of the Debian system, under the labels upstream uses.

Another workspace that depends on this one calls `prometheus_async_dependencies()` after declaring the repository
`prometheus_async`. As modules, the same repositories come from third_party/registry or from the central registry.
"""

load("//third_party:repositories.bzl", "abseil_linkopts", "folder_repository")

# Bazel's own rule sets as Debian packages them. The Bazel of Debian 12 ships four of them; its rules_cc is a few lines of ours.
_BAZEL_FOLDERS = {
    "bazel_features": "/usr/share/bazel/tools/features",
    "bazel_skylib": "/usr/share/bazel/tools/skylib",
    "platforms": "/usr/share/bazel/tools/platforms",
    "rules_cc": "/usr/share/bazel/rules/cc",
    "rules_java": "/usr/share/bazel/rules/java",
    "rules_license": "/usr/share/bazel/rules/license",
    "rules_proto": "/usr/share/bazel/rules/proto",
    "rules_python": "/usr/share/bazel/rules/python",
}

# Repository name -> folder under system/, which is named as the module in the Bazel Central Registry.
_LIBRARIES = {
    "boost.asio": "boost.asio",
    "boost.beast": "boost.beast",
    "boost.json": "boost.json",
    "boost.thread": "boost.thread",
    "com_github_google_benchmark": "google_benchmark",
    "com_github_jupp0r_prometheus_cpp": "prometheus-cpp",
    "com_google_absl": "abseil-cpp",
    "com_google_googletest": "googletest",
    "curl": "curl",
    "libdeflate": "libdeflate",
    "libxcrypt": "libxcrypt",
    "openssl": "openssl",
    "yaml-cpp": "yaml-cpp",
    "zlib": "zlib",
    "zstd": "zstd",
}

def prometheus_async_dependencies():
    """Declares every repository that a target of this workspace may need; those already declared stay as they are."""
    existing = native.existing_rules()
    for name, path in _BAZEL_FOLDERS.items():
        if name not in existing:
            folder_repository(name = name, path = path, fallback = "system/" + name)
    for name, folder in _LIBRARIES.items():
        if name not in existing:
            folder_repository(name = name, fallback = "system/" + folder)
    if "abseil_linkopts" not in existing:
        abseil_linkopts()

    # The first cc_test would download it otherwise.
    if "remote_coverage_tools" not in existing:
        folder_repository(name = "remote_coverage_tools", fallback = "system/coverage_stub")
