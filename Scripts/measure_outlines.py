#!/usr/bin/env python3
"""Measures the outlines that the studio's editor finds by a click, against those that people have drawn.

    Scripts/measure_outlines.py PROGRAM FOLDER

FOLDER is a data set in YOLO's layout whose labels are outlines; nothing in it is changed. For each object of the images for
validation the editor is asked as by a click in the middle of its pixels, and as by a box around it. Prints for each class how
much the outline and the person's share (intersection over union), and how much the best of those that are offered beside it.
"""

import glob
import json
import os
import shutil
import sys
import tempfile

import numpy
from PIL import Image, ImageDraw

from measure_studio import Studio

# As one draws: a little outside of the object, in pixels.
AROUND = 2


def mask(corners, size):
    image = Image.new("1", size)
    ImageDraw.Draw(image).polygon([tuple(corner) for corner in corners], fill=1, outline=1)
    return numpy.asarray(image)


def overlap(a, b):
    return (a & b).sum() / max(1, (a | b).sum())


def questions(truth, size):
    """A click in the middle, where that is in the object, and a box."""
    ys, xs = truth.nonzero()
    x, y = int(round(xs.mean())), int(round(ys.mean()))
    if truth[y, x]:
        yield "click", {"at": [(x + 0.5) / size[0], (y + 0.5) / size[1]]}
    box = [max(0, xs.min() - AROUND) / size[0], max(0, ys.min() - AROUND) / size[1],
           min(size[0], xs.max() + 1 + AROUND) / size[0], min(size[1], ys.max() + 1 + AROUND) / size[1]]
    yield "box", {"box": [float(side) for side in box]}


def main():
    program, source = sys.argv[1:3]
    results, times = {}, []
    with tempfile.TemporaryDirectory() as folder:
        # What the studio writes beside the labels stays out of the data.
        shutil.copytree(source, f"{folder}/large", ignore=shutil.ignore_patterns(".switchback"))
        [description] = glob.glob(f"{folder}/large/*.yaml")
        with open(description) as file:
            text = [line for line in file if not line.startswith("path:")]
        with open(description, "w") as file:
            file.writelines(text)
        studio = Studio(program, folder)
        for image in json.loads(studio.get("/images?split=val&count=200")[0])["images"]:
            size = (image["width"], image["height"])
            with open(f"{folder}/large/labels/val/{os.path.splitext(image['name'])[0]}.txt") as file:
                lines = [line.split() for line in file]
            for name, *numbers in lines:
                truth = mask(numpy.array(numbers, float).reshape(-1, 2) * size - 0.5, size)
                if not truth.any():
                    continue
                for kind, question in questions(truth, size):
                    answer, seconds = studio.ask(
                        "POST", f"/api/v1/data/large/images/{image['id']}/outlines", json.dumps(question))
                    times.append(seconds)
                    answer = json.loads(answer)
                    shares = [overlap(truth, mask(numpy.array(outline).reshape(-1, 2) * size - 0.5, size))
                              for outline in answer["outlines"]] or [0]
                    results.setdefault((kind, int(name)), []).append((shares[answer["best"]], max(shares)))
        studio.stop()
    for (kind, name), shares in sorted(results.items()):
        best, offered = numpy.array(shares).T
        print(f"{kind:5}, class {name}: {len(best)} objects, IoU {best.mean():.3f} on average, {numpy.median(best):.3f} in the middle, "
              f"{100 * (best > 0.5).mean():.0f} % above 0.5; of the best that is offered {offered.mean():.3f} and {numpy.median(offered):.3f}")
    times.sort()
    print(f"an answer takes {1000 * times[len(times) // 2]:.0f} ms, of 95 in 100 at most {1000 * times[len(times) * 95 // 100]:.0f} ms")


if __name__ == "__main__":
    main()
