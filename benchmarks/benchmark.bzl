# SPDX-License-Identifier: Apache-2.0
"""cc_benchmark: a Google Benchmark program, and a test that runs each of its cases for a moment so that none rots."""

load("//tools:cc.bzl", "cc_binary", "cc_library", "cc_test")

def cc_benchmark(name, srcs, deps, test_args = []):
    """Declares the program `name` and the test `name_test`.

    bazel run -c opt //benchmarks/aio:wrapper_benchmark -- --benchmark_filter=Awaitable

    The test takes `test_args` too: a filter that leaves out the cases that are too large for it.
    """
    cc_library(
        name = name + "_cases",
        testonly = True,
        srcs = srcs,
        deps = deps + ["@com_github_google_benchmark//:benchmark_main"],
        alwayslink = True,
    )
    cc_binary(
        name = name,
        testonly = True,
        deps = [name + "_cases"],
    )
    cc_test(
        name = name + "_test",
        args = ["--benchmark_min_time=0.001"] + test_args,
        deps = [name + "_cases"],
    )
