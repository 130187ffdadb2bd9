"""Plays a user of `switchback studio`: a first training, its curve, stop and resume, an image that is tried, an endpoint; a data
set that is made and labelled, its versions, a detector that is compared with the labels, and the requests of its endpoint.

    python3 studio_story.py http://127.0.0.1:PORT IMAGE [FOLDER]

IMAGE is a file to try and to label; screenshots are saved in FOLDER where one is given.
"""

import json
import random
import sys
import tempfile
import urllib.request
import zipfile
import zlib

from access import check_access
from webdriver import Browser

# Each page, and what stands on it once it has its data.
PAGES = {
    "/": "#rows tr", "/data": "#sets .card", "/data/parts": "#figures dd", "/data/parts/check": "#groups li",
    "/data/parts/label/first": "#objects .item", "/train": "#chief .field", "/runs#classify%2Ftrain": "#curves figure",
    "/try": "#run option", "/deploy": "#endpoints pre", "/learn": "#presets .chip", "/login": "#token",
    "/data/plates": "#figures dd", "/compare?set=plates&a=detect/plates&split=all": "#rows .pair", "/watch": "#figures dd",
}


def train(browser):
    browser.open("/?lang=en")
    browser.click("#first .primary")
    browser.until("document.querySelector('#option-data')?.value === 'digits'")
    browser.type("#option-model", "mpl")
    browser.click("#start")
    browser.until("/did you mean .mlp/.test(document.querySelector('#refusal').innerText)")
    browser.type("#option-model", "mlp")
    browser.type("#option-epochs", "3000")
    assert "--epochs 3000" in browser.text("#command"), browser.text("#command")
    browser.click("#start")
    browser.until("location.pathname === '/runs' && location.hash === '#classify%2Ftrain'")


def watch(browser):
    state = "document.querySelector('#job-state').innerText"
    browser.until(f"{state} === 'Running'")
    browser.until("document.querySelectorAll('#curves path').length > 0")
    curve = browser.run("return document.querySelector('#curves path').getAttribute('d')")
    browser.until("document.querySelector('#curves path').getAttribute('d') !== arguments[0]", curve)
    assert "epoch" in browser.text("#console").lower(), browser.text("#console")
    browser.click("#job-actions .btn")
    browser.until(f"{state} === 'Stopped'")
    stopped = browser.run("return document.querySelector('#curves path').getAttribute('d')")
    browser.click("#job-actions .primary")
    browser.until(f"{state} === 'Running'")
    browser.until("document.querySelector('#curves path').getAttribute('d') !== arguments[0]", stopped)
    # A reload in the midst finds it as it was.
    browser.open("/runs#classify%2Ftrain")
    browser.until(f"{state} === 'Running'")
    browser.click("#job-actions .btn")
    browser.until(f"{state} === 'Stopped'")


def try_out(browser, image):
    browser.open("/try")
    browser.until("document.querySelector('#run')?.value === 'classify/train'")
    browser.attach("#file", image)
    browser.until("document.querySelectorAll('#objects .guess').length === 10")
    assert "%" in browser.text("#objects") and "28" in browser.text("#caption"), browser.text("main")


def deploy(browser):
    browser.open("/deploy?run=classify%2Ftrain")
    browser.click("#form .primary")
    browser.until("/curl/.test(document.querySelector('#endpoints pre')?.innerText ?? '')")
    browser.click("#endpoints .seg button:nth-child(2)")
    browser.until("/urllib/.test(document.querySelector('#endpoints pre').innerText)")
    browser.click("#endpoints header button")
    browser.until("!document.querySelector('#endpoints pre')")


def label(browser, image):
    browser.open("/data?lang=en")
    browser.until("!document.querySelector('#none').hidden")
    browser.click("#new-first")
    browser.type("#name", "parts")
    browser.type("#classes", "scratch, dent")
    browser.click("#create-go")
    browser.until("document.querySelector('#adding')?.open")
    browser.attach("#files", image)
    browser.until("/Added 1/.test(document.querySelector('#report-words').innerText)")
    browser.until("/task=detect&data=.*parts/.test(document.querySelector('#to-train').href)")
    browser.open("/data/parts/label/first")
    browser.until("document.querySelector('#saved').innerText === 'Saved'")
    browser.run("""
        const canvas = document.querySelector("#canvas"), frame = canvas.getBoundingClientRect();
        // There is no pointer that could be captured.
        canvas.setPointerCapture = () => {};
        for (const [kind, x, y] of [["down", 0.4, 0.4], ["move", 0.5, 0.5], ["move", 0.6, 0.6], ["up", 0.6, 0.6]]) {
          canvas.dispatchEvent(new PointerEvent(`pointer${kind}`, {
            clientX: frame.left + x * frame.width, clientY: frame.top + y * frame.height, bubbles: true }));
        }""")
    browser.until("document.querySelectorAll('#objects .item').length === 1")
    browser.until("document.querySelector('#saved').innerText === 'Saved'")
    # It is on disk, and can be undone by the page that is opened anew.
    browser.open("/data/parts/label/first")
    browser.until("document.querySelectorAll('#objects .item').length === 1")
    browser.click("#undo")
    browser.until("document.querySelectorAll('#objects .item').length === 0")
    browser.click("#redo")
    browser.until("document.querySelectorAll('#objects .item').length === 1")


def plate(seed):
    """A PNG file of a gray plate of 96×64 pixels, and the box of the scratch on it."""
    chance = random.Random(seed)
    x, y = chance.randrange(10, 60), chance.randrange(8, 40)
    rows = bytearray()
    for row in range(64):
        rows.append(0)
        for column in range(96):
            scratched = x <= column < x + 20 and abs((row - y) - (column - x) // 2) < 2
            rows += bytes([250 if scratched else 100 + chance.randrange(40)]) * 3

    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = (96).to_bytes(4, "big") + (64).to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")
    return png, f"0 {(x + 10) / 96:.6f} {(y + 5) / 64:.6f} {20 / 96:.6f} {12 / 64:.6f}\n"


def plates(path, count):
    """A zip file with a data set in YOLO's layout."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.yaml", "train: images/train\nval: images/val\nnames: [scratch]\n")
        for number in range(count):
            image, label = plate(number)
            split = "val" if number % 4 == 0 else "train"
            archive.writestr(f"images/{split}/{number:02}.png", image)
            archive.writestr(f"labels/{split}/{number:02}.txt", label)


def arrange(browser, folder):
    """A data set from an archive; a version of it; images moved to another split, and back."""
    plates(f"{folder}/plates.zip", 12)
    browser.open("/data?lang=en")
    browser.click("#new")
    browser.type("#name", "plates")
    browser.type("#classes", "scratch")
    browser.click("#create-go")
    browser.until("document.querySelector('#adding')?.open")
    browser.attach("#files", f"{folder}/plates.zip")
    browser.until("/Added 12/.test(document.querySelector('#report-words').innerText)")
    browser.open("/data/plates")
    browser.click("#versions")
    browser.type("#version-name", "as it came")
    browser.click("#version-keep")
    browser.until("/as it came/.test(document.querySelector('#version-list').innerText)")
    browser.open("/data/plates?split=train")
    browser.click("#select")
    browser.click("#grid .tile:nth-child(1)")
    browser.click("#grid .tile:nth-child(2)")
    browser.until("/^2 /.test(document.querySelector('#selected').innerText)")
    browser.run("""
        const move = document.querySelector("#move-split");
        move.value = "val";
        move.dispatchEvent(new Event("change"));""")
    browser.until("/2 moved/.test(document.querySelector('.toast.on')?.innerText ?? '')")
    browser.until("document.querySelectorAll('#grid .tile').length === 7")
    browser.click(".toast button")
    browser.until("document.querySelectorAll('#grid .tile').length === 9")


def outline(browser):
    """A click becomes an outline, which is made larger and smaller, accepted, and taken back."""
    browser.open("/data/plates/label/first")
    browser.until("document.querySelector('#saved').innerText === 'Saved'")
    name = browser.text("#name")
    _, x, y, _, _ = map(float, plate(int(name[:2]))[1].split())
    count = "document.querySelectorAll('#objects .item').length"
    assert browser.run(f"return {count}") == 1, name

    def press(key, **more):
        browser.run("""
            document.querySelector("#canvas").dispatchEvent(
                new KeyboardEvent("keydown", { key: arguments[0], bubbles: true, ...arguments[1] }))""", key, more)

    press("s")
    browser.run("""
        const canvas = document.querySelector("#canvas"), frame = canvas.getBoundingClientRect();
        canvas.setPointerCapture = () => {};
        const scale = Math.min((frame.width - 48) / 96, (frame.height - 48) / 64);
        for (const kind of ["down", "up"]) {
          canvas.dispatchEvent(new PointerEvent(`pointer${kind}`, { bubbles: true,
            clientX: frame.left + frame.width / 2 + (arguments[0] - 0.5) * 96 * scale,
            clientY: frame.top + frame.height / 2 + (arguments[1] - 0.5) * 64 * scale }));
        }""", x, y)
    browser.until("!document.querySelector('#found').hidden")
    check_access(browser, "outline")
    press("]")
    press("[")
    press("Enter")
    browser.until(f"{count} === 2 && document.querySelector('#saved').innerText === 'Saved'")
    assert browser.run("return document.querySelector('#found').hidden")
    press("z", ctrlKey=True)
    browser.until(f"{count} === 1 && document.querySelector('#saved').innerText === 'Saved'")


def compare(browser):
    """A detector that has hardly learned, image by image beside the labels."""
    browser.open("/data/plates")
    browser.click("#to-train")
    browser.until("document.querySelector('#option-data')?.value.endsWith('plates')")
    # Few images: the page offers smaller steps.
    browser.until("/there are 12/.test(document.querySelector('#advice-words').innerText)")
    browser.click("#follow")
    browser.until("document.querySelector('#advice').hidden && document.querySelector('#option-batch').value === '4'")
    assert "--nbs 4" in browser.text("#command"), browser.text("#command")
    for option, value in {"epochs": "1", "imgsz": "64", "name": "plates"}.items():
        browser.type(f"#option-{option}", value)
    browser.click("#start")
    browser.until("document.querySelector('#job-state')?.innerText === 'Done'")
    browser.click("#to-compare")
    browser.until("location.pathname === '/compare' && document.querySelectorAll('#rows .pair').length === 3")
    assert "3 labelled images" in browser.text("#sentence"), browser.text("#sentence")
    assert "detect/plates" in browser.text("#totals"), browser.text("#totals")


def watch_requests(browser):
    """An endpoint that keeps requests: what it met is shown, and an image goes back to labelling."""
    browser.open("/deploy?run=detect%2Fplates")
    browser.until("document.querySelector('#run').value === 'detect/plates' && document.querySelector('#keep').checked")
    browser.click("#form .primary")
    browser.until("/curl/.test(document.querySelector('#endpoints pre')?.innerText ?? '')")
    address, key = browser.run("return [...document.querySelectorAll('#endpoints dd')].map((fact) => fact.innerText)")
    for number in range(30, 33):
        request = urllib.request.Request(
            f"{address}/v1/detect", plate(number)[0], {"Authorization": f"Bearer {key}", "Content-Type": "image/png"})
        assert json.load(urllib.request.urlopen(request))["width"] == 96
    browser.open("/watch?run=detect%2Fplates")
    browser.until("document.querySelector('#figures dd')?.innerText === '3'")
    browser.until("document.querySelectorAll('#images input').length === 3")
    browser.click("#images label:nth-child(1)")
    browser.click("#label")
    browser.until("location.pathname.startsWith('/data/plates/label/')")
    browser.until("/^request-/.test(document.querySelector('#name').innerText)")


def stop_endpoint(browser):
    browser.open("/deploy")
    browser.click("#endpoints header button")
    browser.until("!document.querySelector('#endpoints pre')")


def look(browser, folder):
    """Every page in every language, light and dark, wide and narrow: words everywhere, nothing wider than the page."""
    for language in ["en", "zh", "tr", "fr"]:
        for path, content in PAGES.items():
            page, _, place = path.partition("#")
            browser.open(f"{page}{'&' if '?' in page else '?'}lang={language}" + (f"#{place}" if place else ""))
            browser.until("document.documentElement.lang === arguments[0] && document.title !== 'Switchback'", language)
            browser.until("document.querySelector(arguments[0])", content)
            for scheme, width in [("light", 1280), ("dark", 390)]:
                browser.prefer(scheme)
                browser.resize(width, 900)
                name = f"{page.partition('?')[0].strip('/').replace('/', '-') or 'home'}-{language}-{scheme}"
                if folder:
                    browser.save(f"{folder}/{name}.png")
                excess = browser.run("return document.documentElement.scrollWidth - innerWidth")
                assert excess <= 0, (name, excess)
                unnamed = browser.run("""
                    return [...document.querySelectorAll("a, button, input, select")].filter((control) =>
                        control.getClientRects().length && !control.innerText?.trim() && !control.labels?.length
                        && !control.getAttribute("aria-label")).map((control) => control.outerHTML)""")
                assert unnamed == [], (name, unnamed)
                empty = browser.run("return [...document.querySelectorAll('[data-t]')].filter((e) => !e.textContent).length")
                assert empty == 0, name
                assert browser.run("return document.querySelectorAll('h1').length") == 1, name
                if language == "en":
                    check_access(browser, name)


address, image = sys.argv[1:3]
with Browser(address) as browser:
    train(browser)
    watch(browser)
    try_out(browser, image)
    deploy(browser)
    label(browser, image)
    with tempfile.TemporaryDirectory() as folder:
        arrange(browser, folder)
        outline(browser)
        compare(browser)
        watch_requests(browser)
    look(browser, sys.argv[3] if len(sys.argv) > 3 else None)
    stop_endpoint(browser)
    # The refusal of the wrong model is the only error that was asked for.
    errors = [error for error in browser.errors() if "/api/v1/trainings" not in error]
    assert errors == [], errors
    outside = [url for url in browser.requests() if not url.startswith((address, "blob:", "data:", "chrome:"))]
    assert outside == [], outside
