# SPDX-License-Identifier: Apache-2.0
"""The programs that tests run. Each is fetched when a test that names it is first built."""

def _suite_programs_impl(ctx):
    ctx.path(Label("//third_party:debian_mirror.sh"))  # The script calls it.
    result = ctx.execute(
        [
            "bash",
            ctx.path(Label("//third_party:fetch_deb.sh")),
            ctx.attr.suite,
            ctx.attr.package,
            ctx.attr.version,
            ctx.attr.sha256,
        ],
        timeout = 600,
    )
    if result.return_code != 0:
        fail("cannot get {} {} from {}:\n{}{}".format(
            ctx.attr.package,
            ctx.attr.version,
            ctx.attr.suite,
            result.stdout,
            result.stderr,
        ))
    for program, path in ctx.attr.programs.items():
        ctx.symlink("unpacked/" + path, program)
    ctx.file("WORKSPACE", "")
    ctx.file("BUILD.bazel", "exports_files({})\n".format(repr(ctx.attr.programs.keys())))

suite_programs = repository_rule(
    implementation = _suite_programs_impl,
    doc = """Programs out of a package of another suite of Debian, unpacked but not installed.

The mirror is the one of the machine's own apt sources, and apt checks the suite's signature.""",
    attrs = {
        "package": attr.string(mandatory = True),
        "programs": attr.string_dict(doc = "Target name -> path in the package.", mandatory = True),
        "sha256": attr.string(doc = "Of the .deb, where the suite is frozen."),
        "suite": attr.string(mandatory = True),
        "version": attr.string(doc = "Where the suite is frozen; otherwise what it has."),
    },
)

def prometheus_async_programs():
    """Declares the programs that this workspace's own tests run."""

    # Unpinned: a point release of the stable suite may replace it.
    suite_programs(
        name = "prometheus",
        package = "prometheus",
        programs = {
            "prometheus": "usr/bin/prometheus",
            "promtool": "usr/bin/promtool",
        },
        suite = "bookworm",
    )

    # Debian dropped Consul after bullseye, and the Consul discovery of Prometheus with it.
    suite_programs(
        name = "consul",
        package = "consul",
        programs = {"consul": "usr/bin/consul"},
        sha256 = "e4e888bba104daba1d9161f49bfc52649a7e4efd45b1a7ead5bc54f2cb9c89d9",
        suite = "bullseye",
        version = "1.8.7+dfsg1-2+b3",
    )
    suite_programs(
        name = "prometheus_consul",
        package = "prometheus",
        programs = {"prometheus": "usr/bin/prometheus"},
        sha256 = "7f98887c0fa36e0dd81bb39abc57a9e2535c2a0dc20442a431255ebc0b87b73a",
        suite = "bullseye",
        version = "2.24.1+ds-1+b7",
    )
