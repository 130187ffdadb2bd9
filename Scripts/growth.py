#!/usr/bin/env python3
"""Measures how time and memory grow with the work, and prints a table.

    Scripts/growth.py [--program PATH] [--quick] [POINT...]

Each point runs `switchback` on made data of several sizes. The exponent is that between the last two sizes: 1 is in
proportion, 2 with the square, 0 not at all. A run that fails, or takes more than ten minutes or 16 GB, is a dash. Seconds are
of processors (user and system), which what runs beside it hardly changes.
"""

import argparse
import json
import math
import os
import random
import resource
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
import zlib

LIMIT_SECONDS, LIMIT_BYTES = 600, 16 << 30


class Run:
    """One run of the program: its seconds of processors, its peak memory in MB, and what it printed."""

    def __init__(self, program, folder, *arguments):
        environment = dict(os.environ, XDG_CACHE_HOME=os.path.join(folder, "cache"))
        start = time.monotonic()
        with open(os.path.join(folder, "output"), "w+") as output:
            child = subprocess.Popen(
                [program, *arguments], cwd=folder, stdout=output, stderr=subprocess.DEVNULL, env=environment,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_SECONDS, LIMIT_SECONDS)))
            while True:
                pid, status, usage = os.wait4(child.pid, os.WNOHANG)
                if pid:
                    break
                if time.monotonic() - start > LIMIT_SECONDS or resident(child.pid) > LIMIT_BYTES:
                    child.kill()
                time.sleep(0.02)
            self.seconds = usage.ru_utime + usage.ru_stime
            self.megabytes = usage.ru_maxrss / 1024
            self.failed = status != 0
            output.seek(0)
            self.lines = output.read().splitlines()
            self.seconds_if_well = None if self.failed else self.seconds
            self.megabytes_if_well = None if self.failed else self.megabytes


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid):
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return 0


def png(path, side=32, height=None):
    """A grey image, as small as one can be."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    height = height or side
    rows = b"".join(b"\0" + bytes([128]) * side for _ in range(height))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, height, 8, 0, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def text(path, megabytes):
    generator = random.Random(0)
    words = ["".join(generator.choice("etaoinshrdlu") for _ in range(generator.randint(1, 9))) for _ in range(5000)]
    with open(path, "w") as file:
        size = 0
        while size < megabytes << 20:
            size += file.write(" ".join(generator.choice(words) for _ in range(1000)) + "\n")


def classify_classes(program, folder, count):
    with open(os.path.join(folder, "table.csv"), "w") as file:
        file.write("x,y,kind\n" + "".join(f"{i % count},{i % 7},c{i % count}\n" for i in range(5 * count)))
    run = Run(program, folder, "classify", "train", "--data", "table.csv", "--label", "kind", "--epochs", "1", "--quiet")
    return run.megabytes_if_well


def detect_set(folder, images, classes):
    for part in ["images", "labels"]:
        os.makedirs(os.path.join(folder, part), exist_ok=True)
    png(os.path.join(folder, "images", "0.png"), side=64)
    for i in range(1, images):
        os.link(os.path.join(folder, "images", "0.png"), os.path.join(folder, "images", f"{i}.png"))
    for i in range(images):
        with open(os.path.join(folder, "labels", f"{i}.txt"), "w") as file:
            file.write(f"{i % classes} 0.5 0.5 0.5 0.5\n")
    names = "".join(f"  {i}: c{i}\n" for i in range(classes))
    with open(os.path.join(folder, "data.yaml"), "w") as file:
        file.write(f"train: images\nval: images\nnames:\n{names}")


def detect_classes(program, folder, count):
    detect_set(folder, 8, count)
    run = Run(
        program, folder, "detect", "train", "--data", "data.yaml", "--epochs", "1", "--imgsz", "64", "--batch", "4",
        "--quiet")
    return run.megabytes_if_well


def validation_text(program, folder, megabytes):
    text(os.path.join(folder, "text.txt"), megabytes)
    run = Run(program, folder, "text", "train", "--data", "text.txt", "--steps", "20", "--quiet")
    return run.seconds_if_well


def prepare(program, folder, megabytes):
    text(os.path.join(folder, "text.txt"), megabytes)
    run = Run(program, folder, "text", "prepare", "--data", "text.txt", "--vocabulary", "500", "--to", "prepared")
    return run.megabytes_if_well


def raw_text(program, folder, megabytes):
    text(os.path.join(folder, "text.txt"), megabytes)
    run = Run(
        program, folder, "text", "train", "--data", "text.txt", "--steps", "1", "--context", "8", "--batch", "1",
        "--quiet")
    return run.megabytes_if_well


def epochs(program, folder, count):
    """Milliseconds of each of the last epochs, of so many."""
    with open(os.path.join(folder, "table.csv"), "w") as file:
        file.write("x,y,kind\n" + "".join(f"{i % 2},{i % 7},{'ab'[i % 2]}\n" for i in range(40)))
    starts = {}
    child = subprocess.Popen(
        [program, "classify", "train", "--data", "table.csv", "--label", "kind", "--epochs", str(count), "--log",
         "json"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in child.stdout:
        if line.startswith("{") and (event := json.loads(line)).get("event") == "epoch":
            starts[event["epoch"]] = processor_seconds(child.pid)
    child.wait()
    last = max(1, count // 10)
    if child.returncode or count not in starts:
        return None
    return (starts[count] - starts[count - last]) / last * 1000


def saves(program, folder, count):
    """Seconds that each save of ResNet-50's state, about 400 MB, takes the training, of so many saves."""
    def run(*options):
        measured = Run(
            program, folder, "classify", "train", "--data", "digits", "--model", "resnet50",
            "--batch", "16", "--steps", str(2 * count), "--ema", "0.99", "--quiet", *options)
        return measured.seconds_if_well
    with_saves, without = run("--save-steps", "2"), run()
    return None if with_saves is None or without is None else max(0, with_saves - without) / count


def text_file(folder):
    text(os.path.join(folder, "text.txt"), 1)
    return "text.txt"


def labels(program, folder, count):
    """Seconds of the second look at a data set."""
    detect_set(folder, count, 10)
    for name in ["images", "labels"]:
        for file in os.scandir(os.path.join(folder, name)):
            os.utime(file.path, (1e9, 1e9))
    Run(program, folder, "data", "check", "data.yaml")
    run = Run(program, folder, "data", "check", "data.yaml")
    return run.seconds_if_well


def trained_detector(program, folder):
    detect_set(folder, 4, 2)
    Run(program, folder, "detect", "train", "--data", "data.yaml", "--epochs", "1", "--imgsz", "64", "--batch", "2",
        "--quiet", "--name", "net")
    return os.path.join("runs", "detect", "net")


def image_pixels(program, folder, megapixels):
    """The largest is one of 10,000 × 8,000 pixels."""
    run = trained_detector(program, folder)
    side = int((megapixels * 1e6 / 0.8) ** 0.5)
    png(os.path.join(folder, "large.png"), side, int(side * 0.8))
    return Run(program, folder, "detect", "predict", "--model", run, "large.png").megabytes_if_well


def conversations(path, count, is_list):
    generator = random.Random(0)
    words = ["".join(generator.choice("etaoinshrdlu") for _ in range(6)) for _ in range(500)]
    def turn(role):
        return {"role": role, "content": " ".join(generator.choices(words, k=12))}
    with open(path, "w") as file:
        lines = (json.dumps({"messages": [turn("user"), turn("assistant")]}) for _ in range(count))
        file.write("[" + ",\n".join(lines) + "]" if is_list else "\n".join(lines) + "\n")


def chat_examples(program, folder, count, is_list=False):
    model = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../Tests/Fixtures/tiny-llama")
    name = "chat.json" if is_list else "chat.jsonl"
    conversations(os.path.join(folder, name), count, is_list)
    return Run(program, folder, "chat", "train", "--from", model, "--data", name, "--steps", "1", "--batch", "1",
               "--quiet").megabytes_if_well


def same_names(program, folder, count):
    """Seconds for images that all have one name, each in a folder of its own."""
    png(os.path.join(folder, "image.png"))
    os.makedirs(os.path.join(folder, "annotations"))
    images = []
    for number in range(count):
        os.makedirs(os.path.join(folder, "images", str(number)))
        os.link(os.path.join(folder, "image.png"), os.path.join(folder, "images", str(number), "image.png"))
        images.append({"id": number, "file_name": f"{number}/image.png", "width": 32, "height": 32})
    boxes = [{"id": i, "image_id": i, "category_id": 1, "bbox": [1, 1, 9, 9]} for i in range(count)]
    with open(os.path.join(folder, "annotations", "instances_train.json"), "w") as file:
        json.dump({"images": images, "categories": [{"id": 1, "name": "a"}], "annotations": boxes}, file)
    return Run(program, folder, "data", "convert", ".", "--to", "yolo", "--output", "made", "--link").seconds_if_well


def prompt(program, folder, count):
    """Seconds of a server that is started and answers one prompt of so many tokens."""
    trained = Run(
        program, folder, "text", "train", "--data", text_file(folder), "--steps", "1", "--context", "8192", "--batch", "1",
        "--quiet", "--name", "long")
    if trained.failed:
        return None
    server = subprocess.Popen(
        [program, "serve", "text=" + os.path.join("runs", "text", "long"), "--port", "0", "--json"], cwd=folder,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    body = json.dumps({"prompt": "e" * count, "max_tokens": 1}).encode()
    has_answered = True
    try:
        address = json.loads(server.stdout.readline())["address"]
        urllib.request.urlopen(urllib.request.Request(
            address + "/v1/completions", body, {"Content-Type": "application/json"}), timeout=LIMIT_SECONDS).read()
    except (OSError, ValueError):
        has_answered = False
    finally:
        server.terminate()
        usage = os.wait4(server.pid, 0)[2]
    return usage.ru_utime + usage.ru_stime if has_answered else None


POINTS = {
    "classify-classes": ("classes of `classify train`", "MB", classify_classes, [302, 1000, 10_000]),
    "detect-classes": ("classes of `detect train`", "MB", detect_classes, [100, 1000, 10_000]),
    "validation": ("MB of text, `text train --steps 20`", "s", validation_text, [1, 10, 100]),
    "raw-text": ("MB of text, `text train`", "MB", raw_text, [10, 100, 400]),
    "prepare": ("MB of text, `text prepare`", "MB", prepare, [10, 100, 400]),
    "epochs": ("the last epochs of so many", "ms an epoch", epochs, [100, 1000, 10_000]),
    "saves": ("saves of 400 MB", "s a save", saves, [3, 6]),
    "labels": ("images of `data check`, looked at again", "s", labels, [1000, 10_000]),
    "same-names": ("images of one name, `data convert`", "s", same_names, [1000, 10_000, 40_000]),
    "image": ("megapixels of one image, `detect predict`", "MB", image_pixels, [5, 20, 80]),
    "prompt": ("tokens of a prompt to `serve`, from its start", "s", prompt, [500, 4000, 8000]),
    "chat-lines": ("conversations of a .jsonl, `chat train`", "MB", chat_examples, [10_000, 50_000, 200_000]),
    "chat-list": (
        "conversations of a .json, `chat train`", "MB", lambda *a: chat_examples(*a, is_list=True),
        [10_000, 50_000, 200_000]),
}


def number(value):
    return "–" if value is None else f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--program", default=os.path.join(here, "../.build/release/switchback"))
    parser.add_argument("--quick", action="store_true", help="leaves the largest size of each point out")
    parser.add_argument("points", nargs="*", metavar="POINT", help=", ".join(POINTS))
    options = parser.parse_args()
    for name in options.points:
        if name not in POINTS:
            parser.error(f"there is no point {name}: {', '.join(POINTS)}")
    program = os.path.abspath(options.program)
    print("| what grows | unit | sizes | values | exponent |\n| --- | --- | --- | --- | --: |")
    for name in options.points or POINTS:
        title, unit, measure, sizes = POINTS[name]
        sizes = sizes[:-1] if options.quick and len(sizes) > 1 else sizes
        values = []
        for size in sizes:
            with tempfile.TemporaryDirectory() as folder:
                values.append(measure(program, folder, size))
        last = [(s, v) for s, v in zip(sizes, values) if v][-2:]
        exponent = "–"
        if len(last) == 2 and values[-1]:
            exponent = f"{math.log(last[1][1] / last[0][1]) / math.log(last[1][0] / last[0][0]):.2f}"
        print(
            f"| {title} | {unit} | {', '.join(f'{s:,}' for s in sizes)} | {', '.join(map(number, values))} | {exponent} |",
            flush=True)


if __name__ == "__main__":
    main()
