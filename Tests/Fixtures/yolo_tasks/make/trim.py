#!/usr/bin/env python3
"""Takes from the folder that the other programs wrote (its path is the argument) what the tests need."""
import json
import sys
from pathlib import Path
import numpy as np
from common import dumps
from safetensors.numpy import load_file, save_file

SOURCE, TARGET = Path(sys.argv[1]), Path(__file__).resolve().parent.parent
UNUSED = ("about", "formula_check", "decision_margins", "running_norm_after_forward", "float64", "sgd")


def trim(folder, case, keep=("",), first=None, name=None):
    """The tensors whose names begin as in `keep`, of some only the first rows."""
    tensors = load_file(SOURCE / folder / f"{case}.safetensors")
    tensors = {k: np.ascontiguousarray(v[:(first or {}).get(k)]) for k, v in tensors.items() if k.startswith(keep)}
    save_file(tensors, TARGET / f"{name or case}.safetensors", metadata={"format": "pt"})
    manifest = json.loads((SOURCE / folder / f"{case}.json").read_text())
    (TARGET / f"{name or case}.json").write_text(dumps({k: v for k, v in manifest.items() if k not in UNUSED}) + "\n")


for case in ("yolo11n-seg_nc3", "yolo26n-seg_nc3"):
    trim("yolo-seg", case, ("weights/", "eval/decoded", "eval/proto", "eval/nms_index", "post/", "train/"),
         {"post/masks": 4, "post/masks_native": 2, "post/masks_validation": 0})
for case in ("yolo11n-obb_nc4", "yolo26n-obb_nc4"):
    trim("yolo-obb", case, ("weights/", "eval/decoded", "eval/nms_index", "train/"))
# The same in all cases.
images = load_file(SOURCE / "yolo-seg" / "yolo11n-seg_nc3.safetensors")["images"]
save_file({"images": images}, TARGET / "images.safetensors", metadata={"format": "pt"})
(TARGET / "images.json").write_text("{}\n")
for case in ("yolo11n-pose_nc1_k17x3", "yolo26n-pose_nc1_k17x3", "yolo11n-pose_nc2_k5x2"):
    trim("yolo-pose", case, ("weights/", "eval/decoded", "eval/nms_index", "train/"))
trim("yolo-pose", "oks")
trim("yolo-pose", "augment", ("M/", "in/", "kept/", "keypoints/"), name="augment-pose")
trim("yolo-seg", "raster", ("poly", "mask/", "overlap/1", "overlap/4", "order/1", "order/4", "resample/in", "resample/1000", "resample/7"))
trim("yolo-seg", "augment", ("M/", "in/", "kept/", "boxes/", "segments/"))
trim("yolo-obb", "augment", ("M/", "in/", "kept/", "xywhr/"), name="augment-obb")
trim("yolo-obb", "geometry")
tables = [json.loads((SOURCE / f"yolo-{task}" / "tables.json").read_text()) for task in ("seg", "pose", "obb")]
sizes = {k: {a: v[a] for a in ("parameters", "tensors")} for table in tables for k, v in table["sizes"].items()}
tensors = {k: v for table in tables for k, v in table["tensors"].items()}
(TARGET / "tables.json").write_text(dumps({"tensors": tensors, "sizes": sizes}) + "\n")
