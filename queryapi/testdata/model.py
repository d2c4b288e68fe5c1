#!/usr/bin/env python3
"""Writes what queryapi's tests need of botocore's model of a service that speaks JSON, one fact a line.

    python3 queryapi/testdata/model.py kms 2014-11-01 > queryapi/testdata/kms.txt

Lines, fields parted by single spaces:

    operation NAME INPUT OUTPUT                 - where there is none
    member STRUCTURE NAME SHAPE required|-
    list NAME MEMBER MIN MAX                    MIN and MAX are - where the model has none
    string NAME MIN MAX PATTERN                 PATTERN runs to the end of the line, - for none
    number NAME MIN MAX                         integer and long
    simple NAME TYPE                            boolean, timestamp, blob, map

Made with botocore 1.43.11.
"""
import gzip
import json
import os
import sys

import botocore

service, version = sys.argv[1:]
path = os.path.join(os.path.dirname(botocore.__file__), "data", service, version, "service-2.json.gz")
with gzip.open(path) as f:
    model = json.load(f)


def bounds(shape):
    return shape.get("min", "-"), shape.get("max", "-")


for name, op in sorted(model["operations"].items()):
    print("operation", name, op.get("input", {}).get("shape", "-"), op.get("output", {}).get("shape", "-"))

for name, shape in sorted(model["shapes"].items()):
    kind = shape["type"]
    if kind == "structure":
        for member, ref in shape["members"].items():
            required = "required" if member in shape.get("required", []) else "-"
            print("member", name, member, ref["shape"], required)
    elif kind == "list":
        print("list", name, shape["member"]["shape"], *bounds(shape))
    elif kind == "string":
        print("string", name, *bounds(shape), shape.get("pattern", "-"))
    elif kind in ("integer", "long"):
        print("number", name, *bounds(shape))
    else:
        print("simple", name, kind)
