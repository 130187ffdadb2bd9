#!/usr/bin/env python3
"""Measures `switchback studio` on a data set of very many images.

    Scripts/measure_studio.py PROGRAM [IMAGES] [FOLDER]

Prints how long it takes from the start of the program to its first page, how long the first look at the data set takes and the look
after the next start, the memory of the studio, and how long the editor waits for the next image: its place in the list, its labels
and its view. Then it imports as many images into another data set, three at a time as a page sends them, and as an archive, and
prints what each costs, of the first tenth and of the last. IMAGES is 100,000 unless given otherwise; FOLDER keeps the first data
set for the next time.
"""

import concurrent.futures
import http.client
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

BASE = 20
# As the page does.
AT_ONCE = 3
# A connection that nobody has used for so many seconds may have been closed by the studio.
IDLE = 5


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
        start = time.monotonic()
        self.process = subprocess.Popen(
            [program, "studio", f"{folder}/runs", "--data", folder, "--port", "0", "--json"], stdout=subprocess.PIPE, text=True)
        self.port = int(re.search(r":(\d+)", json.loads(self.process.stdout.readline())["address"])[1])
        # Each thread has a connection of its own, which stays open.
        self.threads = threading.local()
        self.ask("GET", "/")
        self.seconds_to_page = time.monotonic() - start

    def ask(self, method, path, body=None, kind="application/json"):
        """The body of the answer, and the seconds until all of it was there."""
        start = time.monotonic()
        if start - getattr(self.threads, "used", -IDLE) >= IDLE:
            self.threads.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3600)
        connection = self.threads.connection
        connection.request(method, path, body, {"Content-Type": kind})
        response = connection.getresponse()
        answer = response.read()
        self.threads.used = time.monotonic()
        assert response.status == 200, answer
        return answer, time.monotonic() - start

    def get(self, path):
        return self.ask("GET", f"/api/v1/data/large{path}")

    def make(self, name):
        self.ask("POST", "/api/v1/data", json.dumps({"name": name, "classes": ["scratch", "dent"]}))

    def add(self, data_set, name, file):
        """Sends a file; the seconds that it took."""
        report, seconds = self.ask("POST", f"/api/v1/data/{data_set}/files?name={name}", file, "application/octet-stream")
        assert not json.loads(report)["problems"], report
        return seconds

    @property
    def memory(self):
        return int(subprocess.run(["ps", "-o", "rss=", "-p", str(self.process.pid)], capture_output=True, text=True).stdout) / 1024

    @property
    def processor(self):
        """The seconds of processor time that it has taken, which other programs do not change (Linux)."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            user, system = file.read().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

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


def measure_adding(studio, folder, count):
    """Files of a few hundred bytes, so that it is not the disk that is measured."""
    from PIL import Image
    small, archive = f"{folder}/small.jpg", f"{folder}/all.zip"
    Image.new("RGB", (16, 16), (200, 90, 40)).save(small)
    with open(small, "rb") as file:
        content = file.read()
    studio.make("sent")
    start, costs = time.monotonic(), []
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for numbers in [range(count * part // 10, count * (part + 1) // 10) for part in range(10)]:
            before = studio.processor
            list(pool.map(lambda number: studio.add("sent", f"{number:06}.jpg", content), numbers))
            costs.append(1000 * (studio.processor - before) / max(1, len(numbers)))
            print(f"  {numbers.stop} sent after {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    print(f"sent {AT_ONCE} at a time: {count} images in {time.monotonic() - start:.0f} s, {costs[0]:.2f} ms of the processor for each in the "
          f"first tenth, {costs[-1]:.2f} ms in the last; {studio.memory:.0f} MB")
    studio.make("archived")
    with zipfile.ZipFile(archive, "w") as file:
        for number in range(count):
            file.writestr(f"{number:06}.jpg", content)
    with open(archive, "rb") as file:
        print(f"sent as an archive: {count} images in {studio.add('archived', 'all.zip', file):.0f} s; {studio.memory:.0f} MB")
    os.unlink(archive)
    for name in ["sent", "archived"]:
        statistics = json.loads(studio.ask("GET", f"/api/v1/data/{name}")[0])
        assert sum(part["images"] for part in statistics["parts"]) == count, statistics["parts"]
        shutil.rmtree(f"{folder}/{name}")


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
            print(f"{name}: page after {studio.seconds_to_page:.2f} s, data set after {seconds:.2f} s, "
                  f"{studio.processor:.2f} s of the processor, {studio.memory:.0f} MB")
            if name != "first look":
                break
            studio.stop()
        ids = [image["id"] for place in range(0, count, max(1, count // 200))
               for image in json.loads(studio.get(f"/images?from={place}&count=1")[0])["images"]]
        random.Random(2).shuffle(ids)
        waits, before = [], studio.processor
        for image in ids:
            listed, labels, view = [studio.get(path)[1] for path in [
                f"/images?count=32&before=8&around={image}", f"/images/{image}/labels", f"/images/{image}/view"]]
            # The page asks for labels and view at the same time, and for the list only now and then.
            waits.append(listed + max(labels, view))
        waits.sort()
        print(f"next image: {1000 * waits[len(waits) // 2]:.0f} ms at the 50th percentile, "
              f"{1000 * waits[len(waits) * 95 // 100]:.0f} ms at the 95th, of {len(waits)}, "
              f"{1000 * (studio.processor - before) / len(waits):.0f} ms of the processor; {studio.memory:.0f} MB")
        measure_adding(studio, folder, count)
        studio.stop()


if __name__ == "__main__":
    main()
