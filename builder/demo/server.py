"""Serves pages on loopback from a thread, for as long as a `with` block lasts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from builder.demo.site import Page

HOST = "127.0.0.1"


@contextmanager
def serve(site: Callable[[str], Mapping[str, Page]], port: int = 0) -> Iterator[str]:
    """Serve the pages that `site(base)` gives; yield the base URL. Port 0 takes a free one.

    Raises OSError when the port is taken.
    """
    server = ThreadingHTTPServer((HOST, port), _Handler)
    base = f"http://{HOST}:{server.server_address[1]}"
    server.pages = site(base)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield base
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with the page of that path, or 404."""
        pages: Mapping[str, Page] = self.server.pages  # type: ignore[attr-defined]
        page = pages.get(self.path, Page(self.path, b"<h1>404</h1>", status=404))
        self.send_response(page.status)
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(page.body)))
        for name, value in page.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(page.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet: the crawler reports what matters."""
