#!/usr/bin/env python3
"""Writes model.txt: what is needed of botocore's CodeArtifact service model, one fact a line.

    python3 conformance/servicemodel/model.py > conformance/servicemodel/model.txt

Lines, fields parted by single spaces:

    operation NAME METHOD PATH INPUT OUTPUT ERROR,ERROR...      OUTPUT is - where there is none
    structure NAME STATUS                                       STATUS is - unless the structure is an error
    member STRUCTURE NAME SHAPE LOCATION WIRENAME required|-    LOCATION: query, header, body, payload
    list NAME MEMBER MIN MAX                                    MIN and MAX are - where the model has none
    map NAME KEY VALUE
    string NAME MIN MAX ENUM,ENUM...|- PATTERN                  PATTERN runs to the end of the line, - for none
    number NAME MIN MAX                                         integer and long
    simple NAME TYPE                                            boolean, timestamp, blob

Made with botocore 1.43.11, codeartifact 2018-09-22.
"""
import gzip
import json
import os

import botocore

path = os.path.join(os.path.dirname(botocore.__file__), "data", "codeartifact", "2018-09-22", "service-2.json.gz")
with gzip.open(path) as f:
    model = json.load(f)

LOCATIONS = {"querystring": "query", "header": "header"}


def bounds(shape):
    return shape.get("min", "-"), shape.get("max", "-")


for name, op in sorted(model["operations"].items()):
    print("operation", name, op["http"]["method"], op["http"]["requestUri"], op["input"]["shape"],
          op.get("output", {}).get("shape", "-"), ",".join(sorted(e["shape"] for e in op["errors"])))

for name, shape in sorted(model["shapes"].items()):
    kind = shape["type"]
    if kind == "structure":
        print("structure", name, shape.get("error", {}).get("httpStatusCode", "-"))
        for member, ref in shape["members"].items():
            location = LOCATIONS.get(ref.get("location"), "body")
            if shape.get("payload") == member:
                location = "payload"
            required = "required" if member in shape.get("required", []) else "-"
            print("member", name, member, ref["shape"], location, ref.get("locationName", member), required)
    elif kind == "list":
        print("list", name, shape["member"]["shape"], *bounds(shape))
    elif kind == "map":
        print("map", name, shape["key"]["shape"], shape["value"]["shape"])
    elif kind == "string":
        print("string", name, *bounds(shape), ",".join(shape.get("enum", [])) or "-", shape.get("pattern", "-"))
    elif kind in ("integer", "long"):
        print("number", name, *bounds(shape))
    else:
        print("simple", name, kind)
