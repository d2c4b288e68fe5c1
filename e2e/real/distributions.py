# Fetches distributions of the projects that it reads, through the finder of pdm and from the index that pip is configured for:
# the oldest, the middle and the newest of wheels and of source distributions, one wheel with code for a machine, and the odd
# kinds of archive that the project once had. Larger ones than 5 MB are passed over.
#
#   python distributions.py FOLDER < projects.txt
#
# leaves PROJECT/FILE in the folder. What is there already is not asked for again.
import pathlib
import subprocess
import sys
import time

from unearth import PackageFinder

LARGEST = 5 << 20


def index():
    configured = subprocess.run(["pip", "config", "get", "global.index-url"], capture_output=True, text=True)
    default = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    if configured.returncode != 0:
        configured = subprocess.run(["python3", "-c", default], capture_output=True, text=True, check=True)
    return configured.stdout.strip()


def some(names, count):
    """Evenly spread, with the first and the last."""
    return [names[i * (len(names) - 1) // max(count - 1, 1)] for i in range(min(count, len(names)))]


def chosen(links):
    wheels = [l for l in links if l.is_wheel]
    native = [l for l in wheels if "-none-any" not in l.filename]
    gzipped = [l for l in links if l.filename.endswith(".tar.gz")]
    odd = [l for l in links if l.filename.endswith((".zip", ".tgz", ".tar.bz2"))]
    picked = some(wheels, 3) + native[-1:] + some(gzipped, 3) + odd[-1:]
    return {l.filename: l for l in picked}.values()


def fetch(finder, link, file):
    with finder.session.stream("GET", link.normalized) as answer:
        answer.raise_for_status()
        if int(answer.headers.get("content-length", 0)) > LARGEST:
            return
        part = file.with_suffix(file.suffix + ".part")
        with part.open("wb") as f:
            for chunk in answer.iter_bytes():
                f.write(chunk)
        part.rename(file)
    time.sleep(0.1)


folder = pathlib.Path(sys.argv[1])
finder = PackageFinder(index_urls=[index()], ignore_compatibility=True)
for project in sys.stdin.read().split():
    into = folder / project
    if into.exists() and any(into.iterdir()):
        continue
    into.mkdir(parents=True, exist_ok=True)
    links = [p.link for p in finder.find_all_packages(project, allow_yanked=True)]
    for link in chosen(links[::-1]):
        try:
            fetch(finder, link, into / link.filename)
        except Exception as e:
            print(f"{link.filename}: {type(e).__name__}: {e}", file=sys.stderr)
    print(project, len(list(into.iterdir())), flush=True)
