#!/usr/bin/env python3
"""Measures `switchback studio` on a data set of very many images.

    Scripts/measure_studio.py PROGRAM [IMAGES] [FOLDER]

Prints how long the first look at the data set takes and the look after the next start, the memory of the studio, and how long the
editor waits for the next image: its place in the list, its labels and its view. IMAGES is 100,000 unless given otherwise; FOLDER
keeps the data set for the next time.
"""

import http.client
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

BASE = 20


def make(folder, count, image):
    """A data set whose images are links to a few files; two of three have labels."""
    for split in ["train", "val"]:
        for kind in ["images", "labels"]:
            os.makedirs(f"{folder}/large/{kind}/{split}")
    with open(f"{folder}/large/data.yaml", "w") as file:
        file.write("train: images/train\nval: images/val\nnames: [scratch, dent]\n")
    chance = random.Random(1)
    for number in range(BASE):
        shutil.copy(image, f"{folder}/base{number}")
    for number in range(count):
        split = "val" if number % 5 == 0 else "train"
        os.link(f"{folder}/base{number % BASE}", f"{folder}/large/images/{split}/{number:06}{os.path.splitext(image)[1]}")
        if number % 3:
            boxes = [f"{chance.randrange(2)} {chance.uniform(.2, .8):.6f} {chance.uniform(.2, .8):.6f} 0.1 0.1\n" for _ in range(number % 5)]
            with open(f"{folder}/large/labels/{split}/{number:06}.txt", "w") as file:
                file.writelines(boxes)


class Studio:
    def __init__(self, program, folder):
        self.process = subprocess.Popen(
            [program, "studio", f"{folder}/runs", "--data", folder, "--port", "0", "--json"], stdout=subprocess.PIPE, text=True)
        self.port = int(re.search(r":(\d+)", json.loads(self.process.stdout.readline())["address"])[1])
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3600)

    def get(self, path):
        """The body, and the seconds until all of it was there."""
        start = time.monotonic()
        self.connection.request("GET", f"/api/v1/data/large{path}")
        response = self.connection.getresponse()
        body = response.read()
        assert response.status == 200, body
        return body, time.monotonic() - start

    @property
    def memory(self):
        return int(subprocess.run(["ps", "-o", "rss=", "-p", str(self.process.pid)], capture_output=True, text=True).stdout) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()


def image_file(folder):
    """A photograph of 1280×960 pixels, as a camera makes them."""
    from PIL import Image, ImageFilter
    import numpy
    noise = numpy.random.default_rng(1).normal(128, 40, (960, 1280, 3)).clip(0, 255).astype("uint8")
    path = f"{folder}/photograph.jpg"
    Image.fromarray(noise).filter(ImageFilter.GaussianBlur(3)).save(path, quality=90)
    return path


def main():
    program, count = sys.argv[1], int((sys.argv[2:] or ["100000"])[0])
    with tempfile.TemporaryDirectory() as temporary:
        folder = sys.argv[3] if len(sys.argv) > 3 else temporary
        os.makedirs(folder, exist_ok=True)
        if not os.path.exists(f"{folder}/large"):
            make(folder, count, image_file(folder))
        for name in ["first look", "after the next start"]:
            studio = Studio(program, folder)
            _, seconds = studio.get("")
            print(f"{name}: {seconds:.2f} s, {studio.memory:.0f} MB")
            if name != "first look":
                break
            studio.stop()
        ids = [image["id"] for place in range(0, count, max(1, count // 200))
               for image in json.loads(studio.get(f"/images?from={place}&count=1")[0])["images"]]
        random.Random(2).shuffle(ids)
        waits = []
        for image in ids:
            listed, labels, view = [studio.get(path)[1] for path in [
                f"/images?count=32&before=8&around={image}", f"/images/{image}/labels", f"/images/{image}/view"]]
            # The page asks for labels and view at the same time, and for the list only now and then.
            waits.append(listed + max(labels, view))
        waits.sort()
        print(f"next image: {1000 * waits[len(waits) // 2]:.0f} ms at the 50th percentile, "
              f"{1000 * waits[len(waits) * 95 // 100]:.0f} ms at the 95th, of {len(waits)}; {studio.memory:.0f} MB")
        studio.stop()


main()
