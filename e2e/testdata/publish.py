# Uploads distribution files as `twine upload FILE` does, with the parts of twine itself, in one process.
#
#   python publish.py REPOSITORY-URL TOKEN < files, one a line
#
# prints a line of JSON for each: {"file", "took", "error"?}. Took tells whether twine would send the file at all.
import json
import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from twine.package import PackageFile
from twine.repository import Repository

logging.disable(logging.CRITICAL)
url, token = sys.argv[1:]


def publish(file):
    said = {"file": file, "took": False}
    try:
        package = PackageFile.from_filename(file, None)
        package.metadata_dictionary()
        said["took"] = True
        response = Repository(url, "aws", token, disable_progress_bar=True).upload(package)
        if response.status_code >= 300:
            said["error"] = f"{response.status_code} {response.reason}"
    except Exception as e:
        said["error"] = f"{type(e).__name__}: {e}"
    return said


out, sys.stdout = sys.stdout, open(os.devnull, "w")  # twine tells of every upload
with ThreadPoolExecutor(4) as pool:
    for said in pool.map(publish, sys.stdin.read().splitlines()):
        print(json.dumps(said), file=out, flush=True)
