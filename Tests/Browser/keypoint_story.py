"""Plays somebody who labels poses in `switchback studio`: a data set with keypoints, a box, its keypoints by mouse and keyboard,
undo, a reload; frames of a video; and a project of Label Studio that is imported with its report.

    python3 keypoint_story.py http://127.0.0.1:PORT IMAGE FOLDER [SCREENSHOTS]

IMAGE is a file to label; FOLDER is the studio's folder of data.
"""

import json
import os
import shutil
import subprocess
import sys

from access import check_access
from webdriver import Browser

address, image, folder = sys.argv[1:4]
shots = sys.argv[4] if len(sys.argv) > 4 else None
NAMES = ["tip", "left end", "right end"]


def draw(browser, *events):
    """Plays a pointer: (kind, x, y), where x and y are in fractions of the image."""
    browser.run("""
        const canvas = document.querySelector("#canvas"), frame = canvas.getBoundingClientRect();
        // There is no pointer that could be captured.
        canvas.setPointerCapture = () => {};
        const { width, height } = arguments[1];
        const margin = frame.width < 600 ? 8 : 24;
        const scale = Math.min((frame.width - 2 * margin) / width, (frame.height - 2 * margin) / height);
        for (const [kind, x, y, shiftKey] of arguments[0]) {
          canvas.dispatchEvent(new PointerEvent(`pointer${kind}`, { shiftKey: Boolean(shiftKey), bubbles: true,
            clientX: frame.left + frame.width / 2 + (x - 0.5) * width * scale,
            clientY: frame.top + frame.height / 2 + (y - 0.5) * height * scale }));
        }""", events, {"width": 40, "height": 30})


def click(browser, x, y, shift=False):
    draw(browser, ("down", x, y, shift), ("up", x, y, shift))


def press(browser, key, **more):
    browser.run("""
        document.querySelector("#canvas").dispatchEvent(
            new KeyboardEvent("keydown", { key: arguments[0], bubbles: true, ...arguments[1] }))""", key, more)


def saved(browser):
    browser.until("document.querySelector('#saved').innerText === 'Saved'")


def label():
    """What the file of labels says."""
    # A file that is being written has a name with a dot before it.
    [name] = [name for name in os.listdir(f"{folder}/gestures/labels/train") if not name.startswith(".")]
    with open(f"{folder}/gestures/labels/train/{name}") as file:
        return [[float(number) for number in line.split()] for line in file]


def states(browser):
    return browser.run("return [...document.querySelectorAll('#points .end')].map((item) => item.innerText)")


def make(browser):
    browser.open("/data?lang=en")
    browser.click("#new")
    browser.type("#name", "gestures")
    browser.type("#classes", "hand")
    browser.click("[name=kind][value=poses]")
    browser.type("#points", ", ".join(NAMES))
    browser.click("#create-go")
    browser.until("document.querySelector('#adding')?.open")
    browser.attach("#files", image)
    browser.until("/Added 1/.test(document.querySelector('#report-words').innerText)")
    browser.until("/task=pose/.test(document.querySelector('#to-train').href)")


def mark(browser):
    browser.open("/data/gestures/label/first")
    saved(browser)
    assert browser.run("return document.querySelector('[data-tool=outline]').hidden")
    draw(browser, ("down", 0.2, 0.2), ("move", 0.5, 0.5), ("move", 0.8, 0.8), ("up", 0.8, 0.8))
    browser.until("document.querySelectorAll('#points .item').length === 3")
    # The keypoints of a box are next, one click each; with Shift it is hidden.
    assert browser.run("return document.querySelector('[data-tool=point]').getAttribute('aria-pressed')") == "true"
    click(browser, 0.3, 0.4)
    click(browser, 0.5, 0.6, shift=True)
    assert states(browser) == ["seen", "hidden", "not marked"], states(browser)
    if shots:
        draw(browser, ("move", 0.6, 0.35))
        browser.save(f"{shots}/keypoints.png")
    click(browser, 0.7, 0.3)
    browser.until("document.querySelector('[data-tool=box]').getAttribute('aria-pressed') === 'true'")
    saved(browser)
    [numbers] = label()
    wanted = [0, 0.5, 0.5, 0.6, 0.6, 0.3, 0.4, 2, 0.5, 0.6, 1, 0.7, 0.3, 2]
    assert all(abs(a - b) < 0.01 for a, b in zip(numbers, wanted)), numbers


def change(browser):
    """Dragged, moved by an arrow, toggled, taken away, and all of it undone."""
    press(browser, "k")
    draw(browser, ("down", 0.3, 0.4), ("move", 0.35, 0.45), ("up", 0.35, 0.45))
    saved(browser)
    first = label()[0]
    assert abs(first[5] - 0.35) < 0.01 and abs(first[6] - 0.45) < 0.01, first
    press(browser, "ArrowRight")
    saved(browser)
    browser.until("document.querySelector('#points .item').getAttribute('aria-pressed') === 'true'")
    assert abs(label()[0][5] - first[5] - 1 / 40) < 1e-5, label()
    for state in ["hidden", "not marked", "seen"]:
        press(browser, "o")
        assert states(browser)[0] == state, states(browser)
    press(browser, ".")
    press(browser, "Delete")
    assert states(browser) == ["seen", "not marked", "seen"], states(browser)
    # By the list alone: a click chooses, another toggles.
    browser.click("#points .item:nth-child(3)")
    browser.click("#points .item:nth-child(3)")
    assert states(browser)[2] == "hidden", states(browser)
    saved(browser)
    # Also after the page was opened anew.
    browser.open("/data/gestures/label/first")
    browser.until("document.querySelectorAll('#objects .item').length === 1")
    for _ in range(7):
        browser.until("!document.querySelector('#undo').disabled")
        before = label()
        browser.click("#undo")
        for _ in range(200):
            if label() != before:
                break
            browser.until("document.querySelector('#saved')")
    assert all(abs(a - b) < 0.01 for a, b in zip(label()[0][5:], [0.3, 0.4, 2, 0.5, 0.6, 1, 0.7, 0.3, 2])), label()
    # The object moves with its keypoints.
    browser.click("#objects .item")
    press(browser, "v")
    press(browser, "ArrowDown")
    saved(browser)
    moved = label()[0]
    assert abs(moved[6] - 0.4 - 1 / 30) < 0.01 and abs(moved[2] - 0.5 - 1 / 30) < 0.01, moved


def connect(browser):
    """Keypoints are named, connected and paired in their dialog, and all of it is taken back."""
    yaml = f"{folder}/gestures/data.yaml"
    with open(yaml) as file:
        before = file.read()
    browser.open("/data/gestures/label/first")
    browser.until("document.querySelectorAll('#objects .item').length === 1")
    browser.click("#objects .item")
    browser.click("#skeleton-open")
    browser.type("#skeleton-rows li:nth-child(1) input", "thumb")
    for joint in [1, 2]:
        browser.run("""
            document.querySelectorAll("#skeleton-drawing .joint")[arguments[0]].dispatchEvent(
                new KeyboardEvent("keydown", { key: "Enter", bubbles: true }))""", joint)
    assert browser.run("return document.querySelectorAll('#skeleton-drawing .limb').length") == 1
    check_access(browser, "skeleton")
    if shots:
        browser.save(f"{shots}/skeleton.png")
    browser.click("#skeleton [type=submit]")
    browser.until("document.querySelector('#points .name')?.innerText === 'thumb'")
    with open(yaml) as file:
        text = file.read()
    assert "skeleton: [[1, 2]]" in text and '"thumb"' in text and "flip_idx: [0, 2, 1]" in text, text
    browser.click(".toast button")
    browser.until("document.querySelector('#points .name')?.innerText === 'tip'")
    with open(yaml) as file:
        assert file.read() == before


def add_video(browser, scratch):
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc=duration=5:size=64x48:rate=10", scratch], check=True)
    browser.open("/data/gestures")
    browser.click("#add")
    browser.type("#every", "0.5")
    browser.attach("#files", scratch)
    browser.until("/Added 10/.test(document.querySelector('#report-words').innerText)")
    browser.until("document.querySelectorAll('#grid .tile').length === 11")


def import_project(browser):
    """A project of Label Studio in the folder: imported, with what could not be used."""
    target = f"{folder}/project"
    os.makedirs(target)
    sizes = {"original_width": 40, "original_height": 30}
    tasks = []
    for number in range(3):
        if number < 2:
            shutil.copy(image, f"{target}/{number}.jpg")
        box = {"id": "r", "type": "rectanglelabels", **sizes,
               "value": {"x": 10, "y": 10, "width": 40, "height": 50, "rectanglelabels": ["hand"]}}
        point = {"id": "k", "type": "keypointlabels", "parentID": "r", **sizes,
                 "value": {"x": 20, "y": 30, "keypointlabels": ["tip"]}}
        tasks.append({
            "id": number, "data": {"image": f"/data/upload/1/0123abcd-{number}.jpg"}, "annotations": [{"result": [box, point]}]})
    with open(f"{target}/project.json", "w") as file:
        json.dump(tasks, file)
    browser.open("/data")
    browser.until("[...document.querySelectorAll('#sets footer button')].some((button) => button.innerText === 'Import')")
    browser.run("[...document.querySelectorAll('#sets footer button')].find((button) => button.innerText === 'Import').click()")
    browser.until("document.querySelector('#imported').open")
    assert "2 images imported" in browser.text("#imported-title"), browser.text("#imported-title")
    assert "task 2: there is no image" in browser.text("#imported-sentences"), browser.text("#imported-sentences")
    if shots:
        browser.save(f"{shots}/imported.png")
    check_access(browser, "imported")
    browser.open("/data/project-yolo/label/first")
    browser.until("document.querySelectorAll('#objects .item').length === 1")
    browser.click("#objects .item")
    browser.until("document.querySelectorAll('#points .item').length === 1")
    assert states(browser) == ["seen"], states(browser)


def look(browser):
    for scheme, width in [("light", 1280), ("dark", 390)]:
        browser.prefer(scheme)
        browser.resize(width, 900)
        browser.open("/data/gestures/label/first")
        browser.until("document.querySelectorAll('#film a').length > 1")
        browser.run("document.querySelector('#film a[aria-label^=image]').click()")
        browser.until("document.querySelectorAll('#objects .item').length === 1")
        browser.run("document.querySelector('#objects .item').click()")
        browser.until("document.querySelectorAll('#points .item').length === 3")
        excess = browser.run("return document.documentElement.scrollWidth - innerWidth")
        assert excess <= 0, (scheme, excess)
        check_access(browser, f"keypoints {scheme}")
        if shots:
            browser.save(f"{shots}/keypoints-{scheme}.png")


with Browser(address) as browser:
    make(browser)
    mark(browser)
    change(browser)
    connect(browser)
    if shutil.which("ffmpeg"):
        add_video(browser, f"{folder}/clip.mp4")
    import_project(browser)
    look(browser)
    assert browser.errors() == [], browser.errors()
    outside = [url for url in browser.requests() if not url.startswith((address, "blob:", "data:", "chrome:"))]
    assert outside == [], outside
