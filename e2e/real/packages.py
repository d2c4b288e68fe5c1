# packages.py FOLDER writes sources of Swift packages of every shape: FOLDER/NAME/VERSION/…, to be published as real.NAME VERSION.
import json
import pathlib
import random
import shutil
import sys

folder = pathlib.Path(sys.argv[1])


def manifest(name, tools="5.9", targets=None, products=None, more=""):
    targets = targets or f'.target(name: "{name}")'
    products = products or f'.library(name: "{name}", targets: ["{name}"])'
    return f'// swift-tools-version: {tools}\nimport PackageDescription\n\nlet package = Package(\n    name: "{name}",{more}\n' \
           f"    products: [{products}],\n    targets: [{targets}]\n)\n"


def library(name):
    return {f"Sources/{name}/{name}.swift": f"public let name{name} = \"{name}\"\n"}


def plain(name, **more):
    return {"Package.swift": manifest(name, **more), **library(name)}


PLUGIN = """import PackagePlugin

@main struct Tool: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: Target) async throws -> [Command] { [] }
}
"""
COMMAND = """import PackagePlugin

@main struct Tool: CommandPlugin {
    func performCommand(context: PluginContext, arguments: [String]) async throws {}
}
"""
LINK, RUN = "link: ", "run: "  # what begins so is no plain file
METADATA = {"author": {"name": "Ada Ünïcode", "email": "ada@example.test", "organization": {"name": "ACME"}}, "description": "日本語 =3D & \"q\"",
            "licenseURL": "https://example.test/license", "readmeURL": "https://example.test/readme",
            "repositoryURLs": ["https://example.test/described.git", "git@example.test:real/described.git"],
            "originalPublicationTime": "2024-01-02T03:04:05Z", "unknown": {"deep": [1, 2.5, None, True]}}

# The files of each package, by its name and version.
SHAPES = {
    ("Plain", "1.0.0"): {**plain("Plain"), "README.md": "# Plain\n", "LICENSE": "As you like.\n"},
    ("Plain", "1.1.0-beta.1+build.5"): plain("Plain"),
    ("Tools", "1.0.0"): {**plain("Tools", tools="5.5"), **{f"Package@swift-{v}.swift": manifest("Tools", tools=t) for v, t in
                         [("5.7", "5.7"), ("5.9", "5.9"), ("6", "6.0"), ("6.1.0", "6.1"), ("7", "7.0")]}},
    ("OldTools", "1.0.0"): {**library("OldTools"), "Package.swift": manifest("OldTools").replace("version: 5.9", "version:5.3")},
    ("BlankBefore", "1.0.0"): {**library("BlankBefore"), "Package.swift": "\n\n" + manifest("BlankBefore").replace("version: ", "version:  ")},
    ("WindowsLines", "1.0.0"): {**library("WindowsLines"), "Package.swift": manifest("WindowsLines").replace("\n", "\r\n")},
    ("Resources", "1.0.0"): {
        "Package.swift": manifest("Resources", more='\n    defaultLocalization: "en",',
                                  targets='.target(name: "Resources", resources: [.process("Media"), .copy("Raw")])'),
        **library("Resources"), "Sources/Resources/Media/en.lproj/Words.strings": '"a" = "b";\n', "Sources/Resources/Raw/data.bin": bytes(range(256)),
        "Sources/Resources/Raw/ünïcode 日本 name.txt": "a\n"},
    ("Plugins", "1.0.0"): {
        "Package.swift": manifest("Plugins", products='.plugin(name: "Build", targets: ["Build"]), .plugin(name: "Run", targets: ["Run"]), '
                                  '.library(name: "Plugins", targets: ["Plugins"])',
                                  targets='.plugin(name: "Build", capability: .buildTool()), .target(name: "Plugins"), .plugin(name: "Run", '
                                  'capability: .command(intent: .custom(verb: "run", description: "Runs")))'),
        **library("Plugins"), "Plugins/Build/plugin.swift": PLUGIN, "Plugins/Run/plugin.swift": COMMAND},
    ("Binary", "1.0.0"): {
        "Package.swift": manifest("Binary", products='.library(name: "Binary", targets: ["Binary"]), .plugin(name: "UsesTool", targets: ["UsesTool"])',
                                  targets='.target(name: "Binary"), .binaryTarget(name: "tool", path: "Tools/tool.artifactbundle"), '
                                  '.plugin(name: "UsesTool", capability: .buildTool(), dependencies: ["tool"])'),
        **library("Binary"), "Plugins/UsesTool/plugin.swift": PLUGIN, "Tools/tool.artifactbundle/bin/tool": RUN + "exit 0\n",
        "Tools/tool.artifactbundle/info.json": json.dumps({"schemaVersion": "1.0", "artifacts": {"tool": {
            "type": "executable", "version": "1.0.0", "variants": [{"path": "bin/tool", "supportedTriples": ["x86_64-unknown-linux-gnu"]}]}}})},
    ("WithC", "1.0.0"): {
        "Package.swift": manifest("WithC", targets='.target(name: "CPart", cSettings: [.define("X", to: "1")]), .target(name: "WithC", dependencies: ["CPart"])'),
        **library("WithC"), "Sources/CPart/include/CPart.h": "int part(void);\n", "Sources/CPart/part.c": "int part(void) { return X; }\n"},
    ("Linked", "1.0.0"): {
        **plain("Linked"), "Docs/here.md": "a\n", "Docs/there.md": LINK + "here.md", "README.md": LINK + "Docs/here.md", "Other": LINK + "Docs",
        "Docs/up.swift": LINK + "../Package.swift"},
    ("Scripts", "1.0.0"): {**plain("Scripts"), "Scripts/run.sh": RUN + "echo\n", "Scripts/plain.sh": "echo\n", "run": RUN + "echo\n"},
    ("OddNames", "1.0.0"): {
        **plain("OddNames"), "with space.txt": "a", "e\u0301 decomposed.txt": "b", "\u00e9 composed.txt": "c", "日本語/файл.txt": "d",
        "100%/%41.txt": "e", "a&b=c;d,e#f?g.txt": "f", "'quotes' \"too\".txt": "g", "-dash.txt": "h", "[b](r).txt": "i",
        "Deep/" + "d/" * 40 + "deep.txt": "j", "L" * 200 + ".txt": "k", ".hidden/.file": "l", ".swift-version": "5.9\n", "Empty.txt": "",
        "Package@swift-6.swift.txt": "m"},
    ("Sizes", "1.0.0"): {**plain("Sizes"), "Data/random.bin": random.Random(1).randbytes(5 << 20), "Data/zeros.bin": bytes(8 << 20)},
    ("ManyFiles", "1.0.0"): {**plain("ManyFiles"), **{f"Data/{i % 50}/{i}.txt": str(i) for i in range(2000)}},
    ("Described", "1.0.0"): {**plain("Described"), "package-metadata.json": json.dumps(METADATA, ensure_ascii=False, indent=2), "README.md": "# Described\n"},
    ("Program", "1.0.0"): {
        "Package.swift": manifest("Program", products='.executable(name: "program", targets: ["Main"]), .library(name: "Program", type: .static, targets: ["Program"])',
                                  targets='.target(name: "Program"), .executableTarget(name: "Main", dependencies: ["Program"]), '
                                  '.testTarget(name: "ProgramTests", dependencies: ["Program"])'),
        **library("Program"), "Sources/Main/main.swift": "import Program\nprint(nameProgram)\n", "Tests/ProgramTests/Tests.swift": "",
        "Snippets/Snippet.swift": "print(1)\n", "Sources/Program/Program.docc/Program.md": "# ``Program``\n"},
    ("N" * 100, "1.0.0"): plain("Named"),
    ("With-Dash_And-More", "1.0.0"): plain("Dashed"),
}

shutil.rmtree(folder, ignore_errors=True)
for (name, version), files in SHAPES.items():
    at = folder / name / version
    for file, content in files.items():
        path = at / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif content.startswith(LINK):
            path.symlink_to(content.removeprefix(LINK))
        else:
            path.write_text(content.replace(RUN, "#!/bin/sh\n", 1) if content.startswith(RUN) else content, newline="")
            path.chmod(0o755 if content.startswith(RUN) else 0o644)
    (at / "Empty folder").mkdir()
print(len(SHAPES), "packages are written")
