#!/usr/bin/env python3
"""Writes what queryapi's tests need of botocore's model of a service of the query protocol, one fact a line.

    python3 queryapi/testdata/querymodel.py iam 2010-05-08 > queryapi/testdata/iam.txt

Lines, fields parted by single spaces:

    operation NAME INPUT OUTPUT                 - where there is none
    member STRUCTURE NAME SHAPE required|-
    error STRUCTURE CODE STATUS
    list NAME MEMBER
    map NAME KEY VALUE
    string NAME MIN MAX ENUM,ENUM...|- PATTERN  MIN and MAX are - where the model has none, PATTERN runs to the end, - for none
    number NAME MIN MAX                         integer and long
    simple NAME TYPE                            boolean, timestamp, blob
"""
import gzip
import json
import os
import sys

import botocore

path = os.path.join(os.path.dirname(botocore.__file__), "data", sys.argv[1], sys.argv[2], "service-2.json.gz")
with gzip.open(path) as f:
    model = json.load(f)


def bounds(shape):
    return shape.get("min", "-"), shape.get("max", "-")


for name, op in sorted(model["operations"].items()):
    print("operation", name, op.get("input", {}).get("shape", "-"), op.get("output", {}).get("shape", "-"))

for name, shape in sorted(model["shapes"].items()):
    kind = shape["type"]
    if "error" in shape:
        print("error", name, shape["error"].get("code", name), shape["error"].get("httpStatusCode", "-"))
    elif kind == "structure":
        for member, ref in shape["members"].items():
            print("member", name, member, ref["shape"], "required" if member in shape.get("required", []) else "-")
    elif kind == "list":
        print("list", name, shape["member"]["shape"])
    elif kind == "map":
        print("map", name, shape["key"]["shape"], shape["value"]["shape"])
    elif kind == "string":
        print("string", name, *bounds(shape), ",".join(shape.get("enum", [])) or "-", shape.get("pattern", "-"))
    elif kind in ("integer", "long"):
        print("number", name, *bounds(shape))
    else:
        print("simple", name, kind)
