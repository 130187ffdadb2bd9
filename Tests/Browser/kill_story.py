"""Kills `switchback studio` with SIGKILL at random moments of its work, starts it again, and looks for what was lost.

    python3 kill_story.py PROGRAM [KILLS] [SEED]

Until each kill it uploads images, draws and undoes boxes, moves, deletes and puts back images, keeps versions and starts a
training. Whatever the studio has acknowledged must be there afterwards; what was on its way may be there or not.
"""

import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse


def bitmap(seed):
    """A BMP file of 24×16 pixels that no other seed has."""
    pixels = bytes((seed * 7 + place * 13) % 256 for place in range(24 * 16 * 3))
    head = b"BM" + (54 + len(pixels)).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little")
    info = (40).to_bytes(4, "little") + (24).to_bytes(4, "little") + (16).to_bytes(4, "little")
    return head + info + (1).to_bytes(2, "little") + (24).to_bytes(2, "little") + bytes(24) + pixels


class Studio:
    def __init__(self, program, folder):
        self.process = subprocess.Popen([program, "studio", folder, "--port", "0", "--json"], stdout=subprocess.PIPE, text=True)
        self.port = int(re.search(r":(\d+)", json.loads(self.process.stdout.readline())["address"])[1])

    def ask(self, path, body=None, raw=None, method="POST"):
        """The answer, or an `OSError` where the studio was killed before it gave one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        kind = "application/octet-stream" if raw is not None else "application/json"
        try:
            connection.request(method, "/api/v1" + path, raw if raw is not None else json.dumps(body or {}), {"Content-Type": kind})
            response = connection.getresponse()
            text = response.read()
        except http.client.HTTPException as error:
            raise OSError(error) from error
        finally:
            connection.close()
        assert response.status == 200, (path, response.status, text)
        return json.loads(text)

    def get(self, path):
        return self.ask(path, method="GET")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Story:
    """What was acknowledged, and what was asked for and not acknowledged."""

    def __init__(self, chance):
        self.chance = chance
        self.names, self.gone, self.versions = set(), set(), set()
        self.objects = {}  # by image: its objects by id
        self.open = None  # what is on its way: (what, about what)
        self.count = 0
        self.training = None

    def images(self, studio):
        found, total = [], 1
        while len(found) < total:
            part = studio.get(f"/data/plates/images?from={len(found)}&count=200")
            found, total = found + part["images"], part["total"]
        return found

    def upload(self, studio):
        self.count += 1
        name = f"{self.count}.bmp"
        self.open = ("upload", name)
        answer = studio.ask("/data/plates/files?" + urllib.parse.urlencode({"name": name}), raw=bitmap(self.count))
        assert answer["added"] == 1, answer
        self.names.add(name)

    def stroke(self, studio):
        image = self.chance.choice(self.images(studio))
        number, place = self.chance.randrange(10**9), round(self.chance.uniform(0.3, 0.7), 3)
        change = {"object": f"o{number}", "value": {"class": 0, "box": [place, 0.5, 0.2, 0.2]}}
        self.open = ("stroke", image["name"])
        answer = studio.ask(f"/data/plates/images/{image['id']}/edits", {
            "id": f"e{number}", "who": "w", "page": "p", "base": 10**6, "changes": [change]})
        self.objects[image["name"]] = {one["id"]: one["value"] for one in answer["objects"]}

    def undo(self, studio):
        known = [image for image in self.images(studio) if self.objects.get(image["name"])]
        if not known:
            return
        image = self.chance.choice(known)
        self.open = ("stroke", image["name"])
        answer = studio.ask(f"/data/plates/images/{image['id']}/undo", {
            "id": f"u{self.chance.randrange(10**9)}", "who": "w", "page": "p"})
        self.objects[image["name"]] = {one["id"]: one["value"] for one in answer["objects"]}

    def arrange(self, studio):
        image = self.chance.choice(self.images(studio))
        wish = self.chance.choice([{"delete": True}, {"split": "val" if image["split"] == "train" else "train"}])
        self.open = ("arrange", image["name"])
        moved = studio.ask("/data/plates/arrangements", {"images": [image["id"]], **wish})
        self.open = ("arrange", image["name"])
        studio.ask(f"/data/plates/arrangements/{moved['id']}/undo")

    def version(self, studio):
        name = f"v{len(self.versions) + 1}-{self.count}"
        self.open = ("version", name)
        studio.ask("/data/plates/versions", {"name": name})
        self.versions.add(name)

    def train(self, studio):
        if self.training:
            return
        options = {"data": "digits", "model": "mlp", "epochs": "400", "name": "digits"}
        self.open = ("train", "")
        self.training = studio.ask("/trainings", {"task": "classify", "options": options})["id"]

    def go(self, studio):
        """Does one thing after another until the studio is killed."""
        acts = [self.upload] * 4 + [self.stroke] * 8 + [self.undo] * 2 + [self.arrange] * 2 + [self.version, self.train]
        try:
            while True:
                self.chance.choice(acts)(studio)
                self.open = None
        except OSError:
            pass

    def check(self, studio):
        """Everything that was acknowledged is there."""
        what, about = self.open or (None, None)
        images = {image["name"]: image for image in self.images(studio)}
        missing = self.names - set(images)
        # An image that was being deleted when the studio was killed lies in the trash, and nothing is lost with it.
        if what == "arrange":
            missing.discard(about)
            self.names.discard(about) if about not in images else None
        assert not missing, missing
        self.names |= set(images)
        for name, objects in self.objects.items():
            if name not in images:
                continue
            labels = studio.get(f"/data/plates/images/{images[name]['id']}/labels?who=w")["objects"]
            found = sorted(json.dumps(one["value"], sort_keys=True) for one in labels)
            known = sorted(json.dumps(value, sort_keys=True) for value in objects.values())
            if (what, about) != ("stroke", name):
                assert found == known, (name, found, known)
            self.objects[name] = {one["id"]: one["value"] for one in labels}
        versions = {version["name"] for version in studio.get("/data/plates/versions")["versions"]}
        assert self.versions <= versions, (self.versions, versions)
        self.versions = versions
        if self.training:
            state = {job["id"]: job["state"] for job in studio.get("/jobs")["jobs"]}[self.training]
            assert state in ("running", "done"), state
        self.open = None


def play(program, folder, kills, seed, studios):
    story = Story(random.Random(seed))

    def start():
        studios.append(Studio(program, folder))
        return studios[-1]

    studio = start()
    studio.ask("/data", {"name": "plates", "classes": ["scratch"]})
    for _ in range(6):
        story.upload(studio)
    for number in range(kills):
        killer = threading.Timer(random.Random(seed + number).uniform(0.3, 2.5), studio.kill)
        killer.start()
        story.go(studio)
        killer.join()
        studio = start()
        story.check(studio)
    if story.training:
        while studio.get("/jobs")["jobs"][-1]["state"] in ("running", "waiting"):
            time.sleep(0.2)
        assert os.path.exists(f"{folder}/classify/digits/weights/best.safetensors")
    count = sum(map(len, story.objects.values()))
    print(f"{kills} kills: {len(story.names)} images, {count} objects and {len(story.versions)} versions are there")


def main():
    program, kills, seed = sys.argv[1], int((sys.argv[2:] or ["10"])[0]), int((sys.argv[3:] or ["1"])[0])
    studios = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            play(program, folder, kills, seed, studios)
        finally:
            # One that went on would keep whoever started this waiting for the end of its output.
            for studio in studios:
                studio.kill()


main()
