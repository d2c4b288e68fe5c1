#!/usr/bin/env python3
"""Writes what tests need of botocore's model of a service, one fact a line.

    python3 conformance/servicemodel/model.py codeartifact 2018-09-22 > conformance/servicemodel/model.txt
    python3 conformance/servicemodel/model.py iam 2010-05-08 > queryapi/testdata/iam.txt

Lines, fields parted by single spaces:

    operation NAME METHOD PATH INPUT OUTPUT ERROR,ERROR...      INPUT, OUTPUT and the errors are - where there are none
    structure NAME STATUS [CODE]                                STATUS is - unless the structure is an error, CODE what the error is
                                                                called if not by the name of its shape
    member STRUCTURE NAME SHAPE LOCATION WIRENAME required|-    LOCATION: query, header, body, payload
    list NAME MEMBER MIN MAX                                    MIN and MAX are - where the model has none
    map NAME KEY VALUE
    string NAME MIN MAX ENUM,ENUM...|- PATTERN                  PATTERN runs to the end of the line, - for none
    number NAME MIN MAX                                         integer and long
    simple NAME TYPE                                            boolean, timestamp, blob

Made with botocore 1.43.11.
"""
import gzip
import json
import os
import sys

import botocore

path = os.path.join(os.path.dirname(botocore.__file__), "data", sys.argv[1], sys.argv[2], "service-2.json.gz")
with gzip.open(path) as f:
    model = json.load(f)

LOCATIONS = {"querystring": "query", "header": "header"}


def bounds(shape):
    return shape.get("min", "-"), shape.get("max", "-")


for name, op in sorted(model["operations"].items()):
    print("operation", name, op["http"]["method"], op["http"]["requestUri"],
          op.get("input", {}).get("shape", "-"), op.get("output", {}).get("shape", "-"),
          ",".join(sorted(e["shape"] for e in op.get("errors", []))) or "-")

for name, shape in sorted(model["shapes"].items()):
    kind = shape["type"]
    if kind == "structure":
        error = shape.get("error", {})
        code = [error["code"]] if error.get("code", name) != name else []
        print("structure", name, error.get("httpStatusCode", "-"), *code)
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
