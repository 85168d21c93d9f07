# SPDX-License-Identifier: Apache-2.0
"""cc_fuzz_test: a fuzz target of libFuzzer, which is an ordinary test of its seeds in any other build."""

load("//tools:cc.bzl", "cc_test")

def cc_fuzz_test(name, deps):
    """Declares `name`, which is `subject_fuzz`, of the source of that name and the seeds in corpus/subject.

    With --config=fuzz it is a program of libFuzzer and takes its arguments: docs/howto/fuzzing.md. Otherwise it is a
    GoogleTest program with one case for each seed, which runs the seed and a hundred mutations of it, the same ones
    each time.
    """
    seeds = "corpus/" + name[:-len("_fuzz")]
    cc_test(
        name = name,
        srcs = [name + ".cc"],
        args = select({
            ":with_libfuzzer": ["-timeout=10"],  # Seconds for one input; libFuzzer's own default is twenty minutes.
            "//conditions:default": ["tests/fuzz/" + seeds],
        }),
        data = native.glob([seeds + "/*"]),
        linkopts = select({
            ":with_libfuzzer": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        deps = deps + select({
            ":with_libfuzzer": [],
            "//conditions:default": [":run_seeds"],
        }),
    )
