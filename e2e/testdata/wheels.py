# Says of wheels which version they are, and whether this Python could run them.
#
#   python wheels.py < files, one a line
#
# prints a line of JSON for each: {"file", "version", "installable"}. It needs the package packaging.
import json
import pathlib
import platform
import re
import sys
import zipfile

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import sys_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

tags = set(sys_tags())


def look(file):
    try:
        _, version, _, fits = parse_wheel_filename(pathlib.Path(file).name)
        with zipfile.ZipFile(file) as wheel:
            text = next(wheel.read(n) for n in wheel.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))
        requires = re.search(rb"(?m)^Requires-Python: *(.+?)\r?$", text)
        here = platform.python_version() in SpecifierSet(requires[1].decode() if requires else "")
        return {"file": file, "version": str(version), "installable": here and not tags.isdisjoint(fits)}
    except (InvalidWheelFilename, InvalidSpecifier):
        return {"file": file, "version": "", "installable": False}


for file in sys.stdin.read().splitlines():
    if file.endswith(".whl"):
        print(json.dumps(look(file)))
