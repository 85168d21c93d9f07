# SPDX-License-Identifier: Apache-2.0
"""Module extensions over the repository rules beside this file."""

load("//third_party:programs.bzl", "prometheus_async_programs")
load("//third_party:repositories.bzl", "abseil_linkopts")

# Bazel calls them with a context that tells what modules asked for; these ask for nothing.
programs = module_extension(
    implementation = lambda _: prometheus_async_programs(),
    doc = "The programs that tests run.",
)

system_libraries = module_extension(
    implementation = lambda _: abseil_linkopts(),
    doc = "What third_party/registry has to ask the system.",
)
