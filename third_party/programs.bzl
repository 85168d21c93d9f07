# SPDX-License-Identifier: Apache-2.0
"""The programs that tests and benchmarks run. Each is fetched when a target that names it is first built."""

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
    for name, path in ctx.attr.programs.items() + ctx.attr.python_packages.items():
        ctx.symlink("unpacked/" + path, name)
    build = ["exports_files({})".format(repr(ctx.attr.programs.keys()))]
    for package in ctx.attr.python_packages:
        build.append("exports_files([\"{}/__init__.py\"])".format(package))
        build.append("filegroup(name = \"{0}\", srcs = glob([\"{0}/**/*.py\"]), visibility = [\"//visibility:public\"])".format(package))
    ctx.file("WORKSPACE", "")
    ctx.file("BUILD.bazel", "\n".join(build) + "\n")

suite_programs = repository_rule(
    implementation = _suite_programs_impl,
    doc = """Programs out of a package of another suite of Debian, unpacked but not installed.

The mirror is the one of the machine's own apt sources, and apt checks the suite's signature.""",
    attrs = {
        "package": attr.string(mandatory = True),
        "programs": attr.string_dict(doc = "Target name -> path in the package."),
        "python_packages": attr.string_dict(
            doc = "Target name -> folder in the package. The target has every .py file; NAME/__init__.py says where they are.",
        ),
        "sha256": attr.string(doc = "Of the .deb, where the suite is frozen."),
        "suite": attr.string(mandatory = True),
        "version": attr.string(doc = "Where the suite is frozen; otherwise what it has."),
    },
)

def prometheus_async_programs():
    """Declares the programs that this workspace's own tests and benchmarks run."""

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

    # A rival of `tools/bench http`. Installed, it would start a server on port 80.
    suite_programs(
        name = "nginx",
        package = "nginx",
        programs = {"nginx": "usr/sbin/nginx"},
        suite = "bookworm",
    )

    # Prometheus 3, which Debian 12 does not have. It is one binary that needs nothing of its suite. Unpinned: sid moves.
    suite_programs(
        name = "prometheus_3",
        package = "prometheus",
        programs = {"prometheus": "usr/bin/prometheus"},
        suite = "sid",
    )
    suite_programs(
        name = "prometheus_pushgateway",
        package = "prometheus-pushgateway",
        programs = {"prometheus-pushgateway": "usr/bin/prometheus-pushgateway"},
        suite = "bookworm",
    )

    # Its parsers, for /usr/bin/python3, and what they import.
    suite_programs(
        name = "python_prometheus_client",
        package = "python3-prometheus-client",
        python_packages = {"prometheus_client": "usr/lib/python3/dist-packages/prometheus_client"},
        suite = "bookworm",
    )
    suite_programs(
        name = "python_decorator",
        package = "python3-decorator",
        programs = {"decorator.py": "usr/lib/python3/dist-packages/decorator.py"},
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
        programs = {
            "prometheus": "usr/bin/prometheus",
            "promtool": "usr/bin/promtool",
        },
        sha256 = "7f98887c0fa36e0dd81bb39abc57a9e2535c2a0dc20442a431255ebc0b87b73a",
        suite = "bullseye",
        version = "2.24.1+ds-1+b7",
    )
