# nupkgs.py FOLDER NUGET DOTNET makes NuGet packages of every shape that there is: the program NUGET packs those that a nuspec
# describes, DOTNET those that a project does. One of them is signed by its author.
import base64
import hashlib
import os
import pathlib
import random
import shutil
import subprocess
import sys
import zipfile

folder, nuget, dotnet = pathlib.Path(sys.argv[1]).resolve(), *sys.argv[2:]

EVERY = """<title>Every "field" &amp; more</title><authors>Ada, Grace Ünïcode</authors><owners>Ada,Grace</owners>
<license type="expression">MIT OR Apache-2.0</license><projectUrl>https://example.test/every?field=1&amp;other=2</projectUrl>
<iconUrl>https://example.test/icon.png</iconUrl><requireLicenseAcceptance>true</requireLicenseAcceptance>
<developmentDependency>true</developmentDependency><summary>In short: 日本語.</summary><releaseNotes>Many
 lines &lt;b&gt;here&lt;/b&gt;</releaseNotes><copyright>© 2024 Somebody</copyright><language>de-AT</language><tags>one two, three;four</tags>
<repository type="git" url="https://example.test/every.git" branch="main" commit="0123456789abcdef0123456789abcdef01234567" />
<dependencies><group targetFramework=".NETFramework4.5"><dependency id="Needed" version="1.0" include="Runtime,Compile" exclude="Build" />
</group><group targetFramework=".NETStandard2.0"><dependency id="Needed" version="[1.0.0,3.0)" /><dependency id="needed.too" version="1.0" />
</group><group targetFramework=".NETStandard1.3" /></dependencies>
<references><group targetFramework="net45"><reference file="Every.dll" /></group></references>
<frameworkAssemblies><frameworkAssembly assemblyName="System.Net.Http" targetFramework="net45" /></frameworkAssemblies>
<contentFiles><files include="cs/**/*.txt" buildAction="None" copyToOutput="true" flatten="true" /></contentFiles>"""
RANGES = ["1.0", "[1.0]", "(1.0,)", "(,1.0]", "(,3.0)", "[1.0,2.0)", "(0.9,2.0)", "[1.0.0-beta,2.0]", ""]
TOOL = ('<DotNetCliTool Version="1"><Commands><Command Name="made" EntryPoint="made.dll" Runner="dotnet" /></Commands>'
        "</DotNetCliTool>")


def dependencies(all):
    return f"<dependencies>{''.join(f'<dependency id={i!r} version={v!r} />' for i, v in all)}</dependencies>".replace("'", '"')


# What a nuspec says besides what it must, and the files of the package, by id and version.
SHAPES = {
    ("Every.Field", "1.2.3"): (EVERY, {"lib/net45/Every.dll": b"MZ", "contentFiles/cs/any/a.txt": b"a", "build/Every.Field.props": b"<Project />"}),
    ("Needed", "1.0"): ("", {}), ("Needed", "2.0.0"): ("", {}), ("needed.too", "1.0.0"): ("", {}),
    ("Ranges", "1.0.0"): (dependencies((f"Range{i}", r) for i, r in enumerate(RANGES) if r), {}),
    ("Loose", "1.0.0"): (dependencies([("Needed", "1.0"), ("needed.too", "0.1")]), {}),
    ("SemVer2.Labels", "1.0.0-alpha.1"): ("", {}), ("SemVer2.Build", "1.0.0+build.5"): ("", {}),
    ("SemVer2.Both", "2.0.0-rc.1.2+sha.0a1b"): ("", {}), ("SemVer2.Needs", "1.0.0"): (dependencies([("Needed", "[1.0.0-a.1,3.0)")]), {}),
    ("Version", "1"): ("", {}), ("Version", "1.1"): ("", {}), ("Version", "1.1.0.5"): ("", {}), ("Version", "01.02.03"): ("", {}),
    ("Version", "2.0.0.0"): ("", {}), ("Version", "2.1.0-BETA"): ("", {}), ("Version", "2.1.0-rc-1-2"): ("", {}),
    ("Version", "2147483647.1.2.3"): ("", {}), ("Version", "2.2.0-0"): ("", {}), ("Version", "0.0.0"): ("", {}),
    ("A", "1.0.0"): ("", {}), ("Under_score", "1.0.0"): ("", {}), ("Dash-ed.and_all-of.It", "1.0.0"): ("", {}), ("1.2.Numbers", "1.0.0"): ("", {}),
    ("L" * 100, "1.0.0"): ("", {}),
    ("A.Tool", "1.0.0"): ('<packageTypes><packageType name="DotnetTool" /></packageTypes>',
                          {"tools/netcoreapp2.1/any/DotnetToolSettings.xml": TOOL.encode(), "tools/netcoreapp2.1/any/made.dll": b"MZ"}),
    ("Two.Types", "1.0.0"): ('<packageTypes><packageType name="Dependency" /><packageType name="Own" version="2.0" /></packageTypes>', {}),
    ("A.Template", "1.0.0"): ('<packageTypes><packageType name="Template" /></packageTypes>', {"content/.template.config/template.json": b"{}"}),
    ("Old.Style", "1.0.0"): ("<licenseUrl>https://example.test/license</licenseUrl>",
                             {"tools/install.ps1": b"param()", "content/web.config.transform": b"<a />", "content/a.cs.pp": b"$rootnamespace$"}),
    ("Native", "1.0.0"): ("", {"runtimes/linux-x64/native/libnative.so": b"\x7fELF", "runtimes/win-x64/native/native.dll": b"MZ",
                               "lib/netstandard2.0/_._": b"", "ref/netstandard2.0/Native.dll": b"MZ", "analyzers/dotnet/cs/a.dll": b"MZ"}),
    ("License.File", "1.0.0"): ('<license type="file">docs/LICENSE.txt</license>', {"docs/LICENSE.txt": b"As you like."}),
    ("Odd.Files", "1.0.0"): ("", {"content/with space.txt": b"a", "content/ünïcode.txt": b"b", "content/a+b=c@d.txt": b"c",
                                  "content/[brackets].txt": b"d", "content/100%.txt": b"e", "content/%41.txt": b"f", "content/.hidden": b"g",
                                  "content/no-extension": b"h", "content/" + "d/" * 30 + "deep.txt": b"i", "content/empty.txt": b""}),
    ("Large", "1.0.0"): ("", {"content/random.bin": random.Random(1).randbytes(5 << 20)}),
    ("Compressible", "1.0.0"): ("", {"content/zeros.bin": bytes(8 << 20)}),
    ("Many.Files", "1.0.0"): ("", {f"content/{i % 50}/{i}.txt": str(i).encode() for i in range(2000)}),
    ("Min.Client", "1.0.0"): ("minClientVersion", {}),
}

PROJECT = """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFrameworks>netstandard2.0;netcoreapp2.1</TargetFrameworks>
<DisableImplicitFrameworkReferences>true</DisableImplicitFrameworkReferences><IncludeBuildOutput>false</IncludeBuildOutput>
<PackageId>Of.A.Project</PackageId><VersionPrefix>1.4.0</VersionPrefix><VersionSuffix>beta.2</VersionSuffix><Authors>Ada;Grace</Authors>
<Description>Packed by a project.</Description><PackageLicenseExpression>MIT</PackageLicenseExpression><PackageTags>a;b</PackageTags>
<RepositoryUrl>https://example.test/of.git</RepositoryUrl><RepositoryType>git</RepositoryType><PackageType>Dependency;Own, 1.0</PackageType>
</PropertyGroup><ItemGroup><PackageReference Include="Needed" Version="1.0" PrivateAssets="Build" />
<PackageReference Include="needed.too" Version="[1.0,)" Condition="'$(TargetFramework)'=='netstandard2.0'" />
<None Include="a.txt" Pack="true" PackagePath="content/a.txt" /><Content Include="b.txt" Pack="true" BuildAction="None" /></ItemGroup></Project>
"""


def run(*command, cwd):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env={**os.environ, "MSBUILDDISABLENODEREUSE": "1"})
    if done.returncode:
        print(f"{' '.join(map(str, command))}: {(done.stdout + done.stderr)[-600:]}", file=sys.stderr)
    return done.returncode == 0


def pack(work, id, version, says, files):
    for name, content in files.items():
        (work / "files" / name).parent.mkdir(parents=True, exist_ok=True)
        (work / "files" / name).write_bytes(content)
    if not files:
        (work / "files/content").mkdir(parents=True)
        (work / "files/content/made.txt").write_text(f"{id} {version}")
    client = ' minClientVersion="2.8"' if says == "minClientVersion" else ""
    says = "" if client else says
    authors = "" if "<authors>" in says else "<authors>Somebody</authors>"
    (work / "of.nuspec").write_text(
        f'<?xml version="1.0" encoding="utf-8"?><package><metadata{client}><id>{id}</id><version>{version}</version>{authors}'
        f'<description>Of the shape {id}.</description>{says}</metadata><files><file src="files/**" target="" /></files></package>',
        encoding="utf-8")
    run(nuget, "pack", "of.nuspec", "-BasePath", ".", "-OutputDirectory", folder, "-NoPackageAnalysis", "-NonInteractive",
        *["-NoDefaultExcludes"][: "content/.hidden" in files], cwd=work)


def sign(work, package, signed):
    """What nuget sign adds, which needs Windows: a signature over the archive without it, as its last entry, not compressed."""
    content = package.read_bytes()
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    (work / "said").write_text(f"Version:1\n\n2.16.840.1.101.3.4.2.1-Hash:{digest}\n\n", newline="")
    made = run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "certificate.pem", "-subj",
               "/CN=Author", "-days", "30", "-addext", "extendedKeyUsage=codeSigning", cwd=work)
    if made and run("openssl", "cms", "-sign", "-cades", "-nodetach", "-binary", "-in", "said", "-signer", "certificate.pem", "-inkey",
                    "key.pem", "-outform", "DER", "-out", "signature", cwd=work):
        shutil.copy(package, signed)
        with zipfile.ZipFile(signed, "a", zipfile.ZIP_STORED) as archive:
            archive.write(work / "signature", ".signature.p7s")


shutil.rmtree(folder, ignore_errors=True)
for at, ((id, version), (says, files)) in enumerate(SHAPES.items()):
    (work := folder / f"work-{at}").mkdir(parents=True)
    pack(work, id, version, says, files)
(work := folder / "work-project").mkdir()
for name, text in {"of.csproj": PROJECT, "a.txt": "a", "b.txt": "b"}.items():
    (work / name).write_text(text)
run(dotnet, "restore", "--source", folder, cwd=work) and run(dotnet, "pack", "--no-build", "--output", folder, cwd=work)
(work := folder / "work-signed").mkdir()
pack(work, "Signed", "1.0.0", "", {})
sign(work, folder / "Signed.1.0.0.nupkg", folder / "signed")
(folder / "signed").rename(folder / "Signed.1.0.0.nupkg")
for work in folder.glob("work-*"):
    shutil.rmtree(work)
print(len(list(folder.glob("*.nupkg"))), "packages are made")
