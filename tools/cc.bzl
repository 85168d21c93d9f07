# SPDX-License-Identifier: Apache-2.0
"""cc_library, cc_test and cc_binary with this project's compiler warnings.

The warnings are errors in this workspace only (.bazelrc says so): another workspace may have another compiler.
"""

load("@rules_cc//cc:defs.bzl", _cc_binary = "cc_binary", _cc_library = "cc_library", _cc_test = "cc_test")

_WARNINGS = [
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wcast-qual",
    "-Wextra-semi",
    "-Wimplicit-fallthrough",
    "-Wnon-virtual-dtor",
    "-Woverloaded-virtual",
    "-Wshadow",
    "-Wunused",
    "-Wvla",
]

def cc_library(name, copts = [], **kwargs):
    _cc_library(name = name, copts = _WARNINGS + copts, **kwargs)

def cc_test(name, copts = [], size = "small", **kwargs):
    _cc_test(name = name, copts = _WARNINGS + copts, size = size, **kwargs)

def cc_binary(name, copts = [], **kwargs):
    _cc_binary(name = name, copts = _WARNINGS + copts, **kwargs)
