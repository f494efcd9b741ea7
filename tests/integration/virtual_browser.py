# SPDX-License-Identifier: Apache-2.0
"""Headless Chromium over its DevTools pipe: no port, no WebSocket client, nothing but the standard
library. Every wait has an end."""
import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-default-apps", "--hide-scrollbars", "--mute-audio", "--remote-debugging-pipe"]


class Browser:
    def __init__(self, width, height):
        self.folder = tempfile.mkdtemp(prefix="qp-browser-")
        to_r, to_w = os.pipe()
        from_r, from_w = os.pipe()
        command = 'exec chromium "$@" 3<&%d 4>&%d' % (to_r, from_w)
        self.process = subprocess.Popen(
            ["sh", "-c", command, "chromium", *FLAGS, "--user-data-dir=" + self.folder,
             "--window-size=%d,%d" % (width, height)], pass_fds=(to_r, from_w),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(to_r)
        os.close(from_w)
        self.out, self.inp, self.buffer, self.id = to_w, from_r, b"", 0
        self.errors = []
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"],
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)

    def close(self):
        for fd in (self.out, self.inp):
            os.close(fd)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, **params):
        self.id += 1
        message = {"id": self.id, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + 30
        while True:
            answer = self.receive(end)
            if answer.get("id") == self.id:
                if "error" in answer:
                    raise RuntimeError("%s: %s" % (method, answer["error"]["message"]))
                return answer["result"]
            self.note(answer)

    def note(self, event):
        """What the page's author should have seen: exceptions, refused resources."""
        if event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(event["params"]["exceptionDetails"].get("text", "exception"))
        elif event.get("method") == "Log.entryAdded":
            entry = event["params"]["entry"]
            if entry["level"] in ("error", "warning"):
                self.errors.append(entry["text"] + " " + entry.get("url", ""))

    def receive(self, end):
        while b"\0" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.inp], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            data = os.read(self.inp, 1 << 20)
            if not data:
                raise EOFError("the browser has ended")
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(line)

    def open(self, url):
        self.call("Page.navigate", url=url)

    def eval(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def until(self, condition, seconds=30):
        """Wait in the page until the expression is true."""
        done = self.eval("""new Promise((ok) => { const end = performance.now() + %d;
            const look = () => { let v = false; try { v = (%s); } catch (e) { v = false; }
              if (v) ok(true); else if (performance.now() > end) ok(false);
              else setTimeout(look, 20); }; look(); })""" % (seconds * 1000, condition))
        return bool(done)

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def screenshot(self):
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
