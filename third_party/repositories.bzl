# SPDX-License-Identifier: Apache-2.0
"""Repository rules that make repositories from what the machine already has. None of them uses the network."""

def _folder_repository_impl(ctx):
    folder = ctx.path(ctx.attr.path) if ctx.attr.path else None
    if not folder or not folder.exists:
        folder = ctx.path(Label("//third_party:BUILD.bazel")).dirname
        for part in ctx.attr.fallback.split("/"):
            folder = folder.get_child(part)

    # An absent folder makes an empty repository: Bazel 4 has no use for the rule sets that only Bazel 7 needs.
    children = folder.readdir() if folder.exists else []
    for child in children:
        ctx.symlink(child, child.basename)
    if "WORKSPACE" not in [child.basename for child in children]:
        ctx.file("WORKSPACE", "workspace(name = \"{}\")\n".format(ctx.name))

folder_repository = repository_rule(
    implementation = _folder_repository_impl,
    doc = "A repository whose content is a folder of the system or, where that is absent, a folder beside this file.",
    attrs = {
        "path": attr.string(doc = "Absolute folder, taken when it exists."),
        "fallback": attr.string(doc = "Folder under third_party/, taken otherwise.", mandatory = True),
    },
    local = True,
)

def _pkg_config_repository_impl(ctx):
    listing = ctx.execute(["pkg-config", "--list-package-names"])
    names = [name for name in listing.stdout.split("\n") if name.startswith(ctx.attr.prefix)]
    if listing.return_code != 0 or not names:
        fail("pkg-config knows no {}*: install {} and pkg-config".format(ctx.attr.prefix, ctx.attr.package))
    lines = ["LINKOPTS = {"]
    for name in sorted(names):
        result = ctx.execute(["pkg-config", "--libs", name])
        if result.return_code != 0:
            continue
        lines.append("    {}: {},".format(repr(name), repr([flag for flag in result.stdout.strip().split(" ") if flag])))
    lines.append("}")
    ctx.file("WORKSPACE", "")
    ctx.file("BUILD.bazel", "")
    ctx.file("linkopts.bzl", "\n".join(lines) + "\n")

pkg_config_repository = repository_rule(
    implementation = _pkg_config_repository_impl,
    doc = "`linkopts.bzl` with a dictionary LINKOPTS: the linker flags of every pkg-config package with a prefix.",
    attrs = {
        "prefix": attr.string(mandatory = True),
        "package": attr.string(doc = "The Debian package to name when there are none.", mandatory = True),
    },
    local = True,
)

def abseil_linkopts():
    """Declares `abseil_linkopts`: which libraries Abseil consists of differs between its releases."""
    pkg_config_repository(
        name = "abseil_linkopts",
        package = "libabsl-dev",
        prefix = "absl_",
    )
