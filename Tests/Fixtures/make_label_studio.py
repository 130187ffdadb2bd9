"""A project as Label Studio exports it, and what Label Studio's own converter makes of it.

    python3 make_label_studio.py        (pip install label-studio-sdk)

Writes label_studio/project.json and label_studio/expected.json.
"""

import json
import os
import tempfile

import numpy as np
from label_studio_sdk.converter import Converter, brush
from label_studio_sdk.converter.utils import convert_annotation_to_yolo_obb

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "label_studio")
SIZES = {"original_width": 60, "original_height": 40, "image_rotation": 0}
CONFIG = """
<View><Image name="image" value="$image"/>
<RectangleLabels name="box" toName="image"><Label value="bird"/><Label value="fish"/></RectangleLabels>
<KeyPointLabels name="point" toName="image"><Label value="beak" model_index="0"/><Label value="left wing" model_index="1"/>
<Label value="right wing" model_index="2"/></KeyPointLabels></View>"""


def region(id, type, value, **more):
    name = {"rectanglelabels": "box", "keypointlabels": "point"}.get(type, type)
    return {"id": id, "type": type, "from_name": name, "to_name": "image", "value": value, **SIZES, **more}


def rectangle(id, label, x, y, width, height, rotation=0):
    return region(id, "rectanglelabels", {
        "x": x, "y": y, "width": width, "height": height, "rotation": rotation, "rectanglelabels": [label]})


def point(id, label, x, y, parent):
    return region(id, "keypointlabels", {"x": x, "y": y, "width": 0.5, "keypointlabels": [label]}, parentID=parent)


def task(id, image, result, **more):
    annotation = {"id": 10 * id, "result": result, "was_cancelled": False, "ground_truth": False,
                  "created_at": "2026-01-01T10:00:00Z", "updated_at": "2026-01-01T10:00:00Z"}
    return {"id": id, "data": {"image": image}, "annotations": [{**annotation, **more}], "predictions": []}


mask = np.zeros((40, 60), np.uint8)
mask[10:25, 20:50] = 255
mask[25:30, 20:30] = 255
rectangles = [rectangle("r1", "bird", 10, 20, 30, 40), rectangle("r2", "fish", 50, 25, 20, 30, 30)]
points = [
    point("k1", "beak", 15, 25, "p1"), point("k2", "right wing", 35.5, 50, "p1"), point("k3", "left wing", 72, 41.25, "p2"),
]
project = [
    task(1, "/data/upload/1/0123abcd-a.png", rectangles),
    task(2, "/data/local-files/?d=photos%2Fb.png", [
        rectangle("p1", "bird", 10, 20, 30, 40), rectangle("p2", "bird", 60, 30, 30.5, 40), *points]),
    task(3, "https://example.org/photos/c.png?signature=1", [
        region("b1", "brushlabels", {"format": "rle", "rle": brush.mask2rle(mask), "brushlabels": ["fish"]})]),
]

with tempfile.TemporaryDirectory() as folder:
    source, target = f"{folder}/project.json", f"{folder}/out"
    with open(source, "w") as file:
        json.dump(project[1:2], file)
    Converter(CONFIG, folder, download_resources=False).convert_to_yolo(source, target, is_dir=False)
    [name] = os.listdir(f"{target}/labels")
    with open(f"{target}/labels/{name}") as file:
        poses = [[float(number) for number in line.split()] for line in file]

decoded = np.reshape(brush.decode_rle(project[2]["annotations"][0]["result"][0]["value"]["rle"]), (40, 60, 4))[:, :, 3]
expected = {
    "corners": [convert_annotation_to_yolo_obb({**one["value"], **SIZES}) for one in rectangles],
    "poses": poses,
    "mask": [int(number) for number in (decoded > 0).astype(int).sum(axis=1)],
}
os.makedirs(FOLDER, exist_ok=True)
for name, value in {"project": project, "expected": expected}.items():
    with open(f"{FOLDER}/{name}.json", "w") as file:
        json.dump(value, file, indent=1)
        file.write("\n")
