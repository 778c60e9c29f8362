"""Chromium, driven through chromedriver's WebDriver protocol; nothing but the standard library."""

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

#: What a machine lacks, or an empty str.
MISSING = " and ".join(
    "%s (Debian package %s)" % (program, package)
    for program, package in (("chromium", "chromium"), ("chromedriver", "chromium-driver"))
    if not shutil.which(program))

_FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
          "--disable-background-networking", "--disable-component-update", "--disable-sync",
          "--disable-dev-shm-usage", "--hide-scrollbars", "--no-proxy-server"]


class Browser:
    """One headless browser, for as long as the ``with`` lasts; its profile is a new one in *folder*."""

    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._driver = subprocess.Popen(
            ["chromedriver", "--port=%d" % self._port], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        try:
            self._session = self._start(folder)
        except BaseException:
            self._driver.kill()
            self._driver.wait()
            raise

    def _start(self, folder):
        wanted = {"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": shutil.which("chromium"),
                                   "args": _FLAGS + ["--user-data-dir=%s" % folder]},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}}
        for _ in range(100):
            try:
                self._call("GET", "/status")
                break
            except OSError:
                time.sleep(0.1)
        return "/session/" + self._call("POST", "/session", wanted)["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._call("DELETE", self._session)
        except OSError:
            pass
        self._driver.terminate()
        self._driver.wait()

    def _call(self, method, path, data=None):
        request = urllib.request.Request(
            "http://127.0.0.1:%d%s" % (self._port, path), method=method,
            data=None if data is None else json.dumps(data).encode())
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=300) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from None

    def devtools(self, command, **parameters):
        """One command of the DevTools protocol; its result."""
        return self._call("POST", self._session + "/goog/cdp/execute",
                          {"cmd": command, "params": parameters})

    def open(self, path, width=1400, height=900, dark=False):
        """Load a file in a window of that size."""
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=1, mobile=False)
        self.devtools("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.address = path.resolve().as_uri()
        self.log("browser"), self.log("performance")
        self._call("POST", self._session + "/url", {"url": self.address})

    def run(self, script):
        """The value of a JavaScript function body (it runs outside of the page's own policy)."""
        return self._call("POST", self._session + "/execute/sync", {"script": script, "args": []})

    def log(self, kind):
        """The entries since the last call: of the console (``browser``) or of what is loaded
        (``performance``)."""
        return self._call("POST", self._session + "/se/log", {"type": kind})

    def requests(self):
        """The addresses that the page has asked for since it was opened, or since the last call."""
        messages = [json.loads(entry["message"])["message"] for entry in self.log("performance")]
        return [message["params"]["request"]["url"] for message in messages
                if message["method"] == "Network.requestWillBeSent"
                and message["params"]["documentURL"].split("#")[0] == self.address]

    def picture(self, path, whole=True):
        """Write a PNG of the page (*whole*: with what the window does not show)."""
        data = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=whole,
                             **({"clip": self._size()} if whole else {}))["data"]
        path.write_bytes(base64.b64decode(data))

    def _size(self):
        size = self.devtools("Page.getLayoutMetrics")["cssContentSize"]
        return {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 16000), "scale": 1}

    def print(self, path):
        """Write the page as it is printed on A4, as PDF."""
        data = self.devtools("Page.printToPDF", paperWidth=8.27, paperHeight=11.69,
                             preferCSSPageSize=True)["data"]
        path.write_bytes(base64.b64decode(data))
