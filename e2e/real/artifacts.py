# Writes Maven projects that together depend on the artifacts that it reads, GROUP:ARTIFACT:VERSION[:TYPE[:CLASSIFIER]], and on
# nothing of theirs. Each project has few of them, and none twice in two versions, so that what cannot be had costs little.
#
#   python artifacts.py FOLDER < artifacts.txt
import pathlib
import sys

HEAD = "<project><modelVersion>4.0.0</modelVersion><groupId>real</groupId><version>1</version>"
AT_MOST = 4


def dependency(line):
    group, artifact, version, kind, classifier = (*line.split(":"), *("jar", "")[line.count(":") - 2:])
    return (f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"
            f"<type>{kind}</type><classifier>{classifier}</classifier><exclusions><exclusion><groupId>*</groupId>"
            "<artifactId>*</artifactId></exclusion></exclusions></dependency>")


def projects(lines):
    """Fills the first project that has room and not yet another version."""
    all = []
    for line in lines:
        name = tuple(line.split(":")[:2])
        place = next((p for p in all if len(p) < AT_MOST and name not in p), None)
        if place is None:
            all.append(place := {})
        place[name] = dependency(line)
    return [p.values() for p in all]


folder = pathlib.Path(sys.argv[1])
modules = []
for i, wanted in enumerate(projects(sys.stdin.read().split())):
    module = f"project-{i}"
    modules.append(f"<module>{module}</module>")
    (folder / module).mkdir(parents=True, exist_ok=True)
    (folder / module / "pom.xml").write_text(
        f"{HEAD}<artifactId>{module}</artifactId><dependencies>{''.join(wanted)}</dependencies></project>\n")
(folder / "pom.xml").write_text(
    f"{HEAD}<artifactId>all</artifactId><packaging>pom</packaging><modules>{''.join(modules)}</modules></project>\n")
