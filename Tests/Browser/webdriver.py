"""A browser that a test plays: as much of the WebDriver protocol (W3C) as that takes, without a package."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import time

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    """Chromium without a window, through chromedriver. It records errors of pages and every address that is asked for."""

    def __init__(self, address, width=1280, height=900):
        self.address = address
        self.session = ""
        self.driver = subprocess.Popen(
            [shutil.which("chromedriver") or "chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True,
            start_new_session=True)
        try:
            self.begin(width, height)
        except BaseException:
            self.end()
            raise

    def begin(self, width, height):
        for line in self.driver.stdout:
            if found := re.search(r"successfully on port (\d+)", line):
                self.port = int(found[1])
                break
        options = {
            "binary": shutil.which("chromium") or shutil.which("chromium-browser"),
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--lang=en", f"--window-size={width},{height}"],
        }
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        self.session = "/session/" + self.ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.ask("DELETE", "")
        finally:
            self.end()

    def end(self):
        """Ends the driver, and the browser where it still runs. Asked to end, they might not hear it: whoever started the
        test may have blocked the signals for that, and they have that from it."""
        os.killpg(self.driver.pid, signal.SIGKILL)
        self.driver.wait()

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(method, self.session + path, json.dumps(body) if body is not None else None)
        value = json.loads(connection.getresponse().read())["value"]
        if isinstance(value, dict) and "error" in value:
            raise AssertionError(value["message"])
        return value

    def open(self, path):
        self.ask("POST", "/url", {"url": self.address + path})

    def run(self, script, *arguments):
        """What a script returns."""
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def run_async(self, script, *arguments):
        """What a script hands to the function that is its last argument."""
        return self.ask("POST", "/execute/async", {"script": script, "args": list(arguments)})

    def until(self, condition, *arguments, tries=1200):
        """Waits until an expression holds in the page."""
        for _ in range(tries):
            if value := self.run(f"return {condition}", *arguments):
                return value
            time.sleep(0.1)
        raise AssertionError(f"{condition} never held at {self.run('return location.href')}: " + self.text("main"))

    def element(self, selector):
        self.until("document.querySelector(arguments[0])?.getClientRects().length > 0", selector)
        return self.ask("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector, tries=20):
        for left in reversed(range(tries)):
            try:
                return self.ask("POST", f"/element/{self.element(selector)}/click", {})
            except AssertionError as problem:
                # The page may have drawn another one since.
                if not left or "stale element" not in str(problem):
                    raise

    def type(self, selector, text):
        element = self.element(selector)
        self.ask("POST", f"/element/{element}/clear", {})
        self.ask("POST", f"/element/{element}/value", {"text": text})

    def attach(self, selector, path):
        """Chooses a file in a field for files, which may be hidden."""
        element = self.ask("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]
        self.ask("POST", f"/element/{element}/value", {"text": path})

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def resize(self, width, height):
        # A window is no narrower than 500 pixels; what a page sees can be.
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        # The page learns of it, and is laid out anew, in its own time.
        self.until("innerWidth === arguments[0] && document.documentElement.clientWidth <= arguments[0]", width)

    def prefer(self, scheme):
        """light or dark."""
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def devtools(self, command, **parameters):
        self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def errors(self):
        """What pages have complained of since the last call."""
        return [entry["message"] for entry in self.ask("POST", "/se/log", {"type": "browser"}) if entry["level"] == "SEVERE"]

    def requests(self):
        """The addresses that pages have asked for since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self.ask("POST", "/se/log", {"type": "performance"})]
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]

    def save(self, path):
        import base64
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.ask("GET", "/screenshot")))
