# SPDX-License-Identifier: Apache-2.0
"""A rule that compiles a source which is not meant to compile, and keeps what the compiler says.

    compile_failure(name = "gauge_in_time", src = "misuse.cc", define = "GAUGE_IN_TIME", deps = [...])

makes gauge_in_time.log: the compiler's words, or the line "it compiled". A test reads it as data.
"""

load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

def _compile_failure_impl(ctx):
    toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )
    context = cc_common.merge_cc_infos(cc_infos = [dep[CcInfo] for dep in ctx.attr.deps]).compilation_context
    variables = cc_common.create_compile_variables(
        feature_configuration = features,
        cc_toolchain = toolchain,
        user_compile_flags = ctx.fragments.cpp.cxxopts + ["-fsyntax-only", "-D" + ctx.attr.define],
        include_directories = context.includes,
        quote_include_directories = context.quote_includes,
        system_include_directories = context.system_includes,
        preprocessor_defines = context.defines,
        source_file = ctx.file.src.path,
    )
    arguments = cc_common.get_memory_inefficient_command_line(
        feature_configuration = features,
        action_name = "c++-compile",
        variables = variables,
    )
    compiler = cc_common.get_tool_for_action(feature_configuration = features, action_name = "c++-compile")
    log = ctx.actions.declare_file(ctx.label.name + ".log")
    ctx.actions.run_shell(
        outputs = [log],
        inputs = depset([ctx.file.src], transitive = [context.headers, toolchain.all_files]),
        command = 'log=$1; shift; if "$@" > "$log" 2>&1; then echo "it compiled" > "$log"; fi',
        arguments = [log.path, compiler] + arguments,
        env = cc_common.get_environment_variables(
            feature_configuration = features,
            action_name = "c++-compile",
            variables = variables,
        ),
        mnemonic = "CompileFailure",
    )
    return [DefaultInfo(files = depset([log]), runfiles = ctx.runfiles([log]))]

compile_failure = rule(
    implementation = _compile_failure_impl,
    attrs = {
        "define": attr.string(doc = "The macro that picks the case in the source.", mandatory = True),
        "deps": attr.label_list(providers = [CcInfo]),
        "src": attr.label(allow_single_file = [".cc"], mandatory = True),
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
    },
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)
