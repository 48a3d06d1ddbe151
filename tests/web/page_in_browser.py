"""The page in a browser, for tests."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lwisp_web.server import make_server


@dataclass(frozen=True)
class Browser:
    """A headless Chromium with the page open."""

    node: str
    modules: Path
    chromium: str
    url: str
    folder: Path
    """Where what the page saves goes."""

    def see(self, scenario: str, **options: str) -> Any:
        """Run a scenario of browser.mjs; what it saw."""
        given = {"url": self.url, "modules": str(self.modules), "chromium": self.chromium, "folder": str(self.folder)}
        command = [self.node, str(Path(__file__).with_name("browser.mjs")), scenario, json.dumps(given | options)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def saved(self, name: str) -> NDArray[np.uint8]:
        """A picture that the page saved, (H, W, 3)."""
        with Image.open(self.folder / name) as picture:
            assert (picture.format, picture.mode) == ("PNG", "RGB")
            return np.asarray(picture)


@contextmanager
def served(site: Path, **options: Any) -> Iterator[str]:
    """Serve a site on any free port; its address."""
    with make_server(site, "127.0.0.1", 0, **options) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"{'https' if options else 'http'}://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
