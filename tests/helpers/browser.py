"""A Chromium asked through its own protocol: go to a page, run a sentence of JavaScript, press keys, take a picture.

Needs a Chromium on the machine and tornado, which comes with the notebooks; nothing is downloaded.
"""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Page:
    """One tab; `console` collects errors that the page threw or wrote."""

    def __init__(self, socket: Any, loop: Any) -> None:
        self._socket, self._loop, self._n = socket, loop, 0
        self.console: list[str] = []
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to one command of the protocol."""
        self._n += 1
        mine = self._n
        self._loop.run_until_complete(
            self._socket.write_message(json.dumps({"id": mine, "method": method, "params": params}))
        )
        while True:
            got = json.loads(self._loop.run_until_complete(self._socket.read_message()))
            self._listen(got)
            if got.get("id") == mine:
                if "error" in got:
                    raise RuntimeError(f"{method}: {got['error']}")
                return got["result"]

    def _listen(self, got: dict[str, Any]) -> None:
        """Keep what is an error; warnings of the pages' own libraries are none."""
        params = got.get("params", {})
        if got.get("method") == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.console.append(details.get("exception", {}).get("description", details["text"]))
        elif got.get("method") == "Runtime.consoleAPICalled" and params["type"] == "error":
            self.console.append(" ".join(str(a.get("value", a.get("description"))) for a in params["args"]))
        elif got.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.console.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")

    def js(self, sentence: str) -> Any:
        """The value of an expression; a promise is awaited."""
        got = self.ask("Runtime.evaluate", expression=sentence, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in got:
            raise RuntimeError(f"{sentence}: {got['exceptionDetails']}")
        return got["result"].get("value")

    def wait(self, sentence: str, seconds: float = 60.0) -> None:
        """Until an expression is true."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.js(f"!!({sentence})"):
                return
            time.sleep(0.1)
        raise TimeoutError(f"not true within {seconds:g} s: {sentence}")

    def go(self, address: str) -> None:
        """Load a page, until its document is complete."""
        self.ask("Page.navigate", url=address)
        time.sleep(0.2)
        self.wait("document.readyState === 'complete'")

    def press(self, key: str) -> None:
        """A key as the keyboard would send it, to what has the focus."""
        codes = {"ArrowRight": 39, "ArrowLeft": 37, "End": 35, "Home": 36, "Tab": 9}
        for kind in ("rawKeyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=codes[key])

    def size(self, width: int, height: int, *, dark: bool = False, media: str = "") -> None:
        """The window in CSS pixels, its scheme, and "print" where it is to look as printed."""
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """The window as PNG, or the whole page."""
        got = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(got["data"]))


@contextlib.contextmanager
def browser(width: int = 1200, height: int = 900) -> Iterator[Page]:
    """A tab of a Chromium of its own, gone afterwards."""
    import asyncio

    from tornado.websocket import websocket_connect

    assert CHROMIUM, "there is no Chromium on this machine"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        flags = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0",
            "--no-first-run", "--disable-background-networking", "--disable-component-update", "--remote-allow-origins=*",
            f"--user-data-dir={home}", f"--window-size={width},{height}", "about:blank",
        ]  # fmt: skip
        running = subprocess.Popen([CHROMIUM, *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        loop = asyncio.new_event_loop()
        try:
            port = _port(Path(home) / "DevToolsActivePort")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=20) as answer:
                tabs = [t for t in json.load(answer) if t["type"] == "page"]
            asyncio.set_event_loop(loop)

            async def opened() -> Any:
                return await websocket_connect(tabs[0]["webSocketDebuggerUrl"], max_message_size=1 << 28)

            socket = loop.run_until_complete(opened())
            page = Page(socket, loop)
            page.size(width, height)
            yield page
            socket.close()
        finally:
            running.terminate()
            running.wait(20)
            loop.close()
            asyncio.set_event_loop(None)


def _port(said: Path) -> str:
    for _ in range(300):
        if said.is_file() and (lines := said.read_text().split()):
            return lines[0]
        time.sleep(0.1)
    raise TimeoutError("the browser did not start within 30 s")
