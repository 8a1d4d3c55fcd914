"""A Hub on loopback: the HTTP API that huggingface_hub and datasets really speak, for dataset repositories.

    with HubServer() as hub:
        publish(release, "me/data", endpoint=hub.url)

It keeps whole histories (commits, branches, tags, pull requests), answers as the Hub does (shapes read from
huggingface_hub 2.4), and can be told to fail: `hub.fail("POST", r"/commit/", status=503, times=1)`. A failure
with `after=True` does the work first and then loses the answer. Large files come by LFS, or by the genuine Xet
client into a `local://` store when `HubServer(xet=FOLDER)` is used.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

PAGE = 40
"""Entries of a tree page; small, so that clients have to follow the pages."""

LFS_SUFFIXES = (".parquet", ".png")
JSON = "application/json"


@dataclass(frozen=True)
class Blob:
    """A file in a commit. `content` is None where the bytes lie in the large-file store under `sha256`."""

    blob_id: str
    size: int
    content: bytes | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Commit:
    """A commit: its id, its parent, its title and the files it holds."""

    oid: str
    parent: str | None
    title: str
    files: dict[str, Blob]


@dataclass
class Repo:
    """A dataset repository."""

    repo_id: str
    private: bool
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    pulls: dict[str, str] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    settings: dict[str, Any] = field(default_factory=dict)

    def resolve(self, revision: str) -> Commit | None:
        """Return the commit a branch, tag, pull request or id stands for."""
        oid = self.branches.get(revision) or self.tags.get(revision) or self.pulls.get(revision) or revision
        return self.commits.get(oid)

    def add(self, parent: str | None, title: str, files: dict[str, Blob]) -> str:
        """Add a commit and return its id."""
        seed = json.dumps(
            [parent, title, len(self.commits), sorted((p, b.blob_id) for p, b in files.items())]
        )
        oid = hashlib.sha1(seed.encode()).hexdigest()
        self.commits[oid] = Commit(oid, parent, title, files)
        return oid

    def history(self, revision: str) -> list[Commit]:
        """Return the commits of a revision, newest first."""
        found, commit = [], self.resolve(revision)
        while commit is not None:
            found.append(commit)
            commit = self.commits.get(commit.parent or "")
        return found


@dataclass
class Failure:
    """A fault to come: `times` answers to `method` on a path matching `pattern` go wrong."""

    method: str
    pattern: str
    status: int
    times: int
    after: bool = False
    cut: bool = False


@dataclass(frozen=True)
class Seen:
    """A request that was made: method, path with query, bytes of its body."""

    method: str
    path: str
    size: int


class HubServer:
    """The server. `repos`, `store` (large files by SHA-256), `seen` (requests) and `faults` may be looked into."""

    def __init__(self, *, xet: Path | None = None, token: str | None = None) -> None:
        self.repos: dict[str, Repo] = {}
        self.store: dict[str, bytes] = {}
        self.seen: list[Seen] = []
        self.faults: list[Failure] = []
        self.xet = xet
        self.token = token
        self.dies_at: int | None = None
        """Number of the request whose answer is lost; it is done, and no later one is heard at all."""
        self.before_commit: Callable[[Repo], None] | None = None
        self.lock = threading.RLock()
        owner = self

        class Handler(_Handler):
            hub = owner

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> HubServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fail(self, method: str, pattern: str, *, status: int = 503, times: int = 1, **how: bool) -> None:
        """Let the next `times` answers go wrong; `after=True` does the work first, `cut=True` drops the line."""
        self.faults.append(Failure(method, pattern, status, times, **how))

    def commit(self, repo_id: str, title: str, files: dict[str, bytes | None], branch: str = "main") -> str:
        """Commit as somebody else would; None deletes a file. Return the commit's id."""
        repo = self.repos[repo_id]
        head = repo.branches[branch]
        tree = dict(repo.commits[head].files)
        for path, content in files.items():
            tree.pop(path, None)
            if content is not None:
                tree[path] = _regular(content)
        repo.branches[branch] = repo.add(head, title, tree)
        return repo.branches[branch]

    def uploaded(self, since: int = 0) -> int:
        """Return the bytes of large files sent by PUT since the request of that number."""
        return sum(seen.size for seen in self.seen[since:] if seen.method == "PUT" and "/lfs/" in seen.path)

    def bytes_of(self, blob: Blob) -> bytes:
        """Return the content of a file."""
        return blob.content if blob.content is not None else self.store[blob.sha256 or ""]

    def xet_hash(self, sha256: str) -> str | None:
        """Return the Xet hash of a large file in the local store, found in its shard files."""
        return self._xet_files().get(sha256) if self.xet else None

    def _xet_files(self) -> dict[str, str]:
        """Return SHA-256 -> Xet hash, read from the shards of the local store (48-byte records, version 2)."""
        found: dict[str, str] = {}
        for path in (self.xet or Path()).rglob("*.mdb"):
            data = path.read_bytes()
            place = 48
            while data[place : place + 32] != b"\xff" * 32:
                flags, entries = struct.unpack("<II", data[place + 32 : place + 40])
                name = data[place : place + 32]
                place += 48 * (1 + entries * (2 if flags & 0x80000000 else 1))
                if flags & 0x40000000:
                    found[_hex(data[place : place + 32])] = _hex(name)
                    place += 48
        return found


def _hex(raw: bytes) -> str:
    return "".join(f"{part:016x}" for part in struct.unpack("<4Q", raw))


def _regular(content: bytes) -> Blob:
    return Blob(hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(), len(content), content)


def _large(sha256: str, size: int) -> Blob:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()
    return Blob(hashlib.sha1(b"blob %d\0" % len(pointer) + pointer).hexdigest(), size, None, sha256)


class _Problem(Exception):
    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


class _Handler(BaseHTTPRequestHandler):
    """One request. `hub` is the server it belongs to."""

    hub: HubServer
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one packet: two would each wait 40 ms for the other side's ACK
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Say nothing on stderr."""

    def _any(self) -> None:
        body = self._body()
        parts = urlsplit(self.path)
        self.path_only, self.query = parts.path, parse_qs(parts.query)
        with self.hub.lock:
            self.hub.seen.append(Seen(self.command, self.path, len(body)))
            fault = self._death(len(self.hub.seen) - 1) or self._fault()
            if fault and fault.cut and not fault.after:
                self.close_connection = True
                return
            if fault and not fault.after:
                self._send(fault.status, {"error": "try again"})
                return
            status, answer, headers = self._answer(body)
        if fault:
            self.close_connection = True
            if not fault.cut:
                self._send(fault.status, {"error": "the answer was lost"})
            return
        self._send(status, answer, headers)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _any  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _death(self, number: int) -> Failure | None:
        """Return the loss of this answer, or of this request, once the line is dead."""
        last = self.hub.dies_at
        if last is None or number < last:
            return None
        return Failure(self.command, "", 0, 1, after=number == last, cut=True)

    def _fault(self) -> Failure | None:
        for fault in self.hub.faults:
            if fault.times and fault.method == self.command and re.search(fault.pattern, self.path):
                fault.times -= 1
                return fault
        return None

    def _answer(self, body: bytes) -> tuple[int, Any, dict[str, str]]:
        try:
            for method, pattern, name in ROUTES:
                match = re.fullmatch(pattern, self.path_only)
                if match and self.command in method.split():
                    self._check_token()
                    values = {
                        key: unquote(value) for key, value in match.groupdict().items() if value is not None
                    }
                    return getattr(self, name)(body, **values)
        except _Problem as problem:
            headers = {"X-Error-Message": problem.message}
            headers |= {"X-Error-Code": problem.code} if problem.code else {}
            return problem.status, {"error": problem.message}, headers
        return 404, {"error": f"no such endpoint: {self.command} {self.path}"}, {}

    def _check_token(self) -> None:
        given = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if self.hub.token and "/lfs/" not in self.path_only and given != self.hub.token:
            raise _Problem(401, f"Invalid credentials in Authorization header: {given}")

    def _send(self, status: int, answer: object, headers: dict[str, str] | None = None) -> None:
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        kind = "application/octet-stream" if isinstance(answer, bytes) else JSON
        self.send_response(status)
        own = {"Content-Type": kind, "Content-Length": str(len(data)), "X-Request-Id": "loopback"}
        for key, value in {**own, **(headers or {})}.items():
            self.send_header(key, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _repo(self, repo_id: str) -> Repo:
        repo = self.hub.repos.get(repo_id)
        if repo is None:
            raise _Problem(404, "Repository not found", "RepoNotFound")
        return repo

    def _commit(self, repo_id: str, revision: str) -> tuple[Repo, Commit]:
        repo = self._repo(repo_id)
        commit = repo.resolve(revision)
        if commit is None:
            raise _Problem(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return repo, commit

    # Repositories

    def create(self, body: bytes) -> tuple[int, Any, dict[str, str]]:
        """Make a repository with the first commit the Hub makes."""
        asked = json.loads(body)
        repo_id = f"{asked.get('organization') or 'me'}/{asked['name']}"
        url = f"{self.hub.url}/datasets/{repo_id}"
        if repo_id in self.hub.repos:
            return 409, {"error": "You already created this dataset repo", "url": url}, {}
        repo = Repo(repo_id, private=asked.get("visibility") == "private" or bool(asked.get("private")))
        attributes = _regular(b"*.parquet filter=lfs diff=lfs merge=lfs -text\n")
        repo.branches["main"] = repo.add(None, "initial commit", {".gitattributes": attributes})
        self.hub.repos[repo_id] = repo
        return 200, {"url": url, "id": repo_id}, {}

    def remove(self, body: bytes) -> tuple[int, Any, dict[str, str]]:
        """Delete a repository."""
        asked = json.loads(body)
        self.hub.repos.pop(f"{asked.get('organization') or 'me'}/{asked['name']}")
        return 200, {}, {}

    def settings(self, body: bytes, repo_id: str) -> tuple[int, Any, dict[str, str]]:
        """Take settings such as gated and private."""
        self._repo(repo_id).settings.update(json.loads(body))
        return 200, {}, {}

    def info(self, body: bytes, repo_id: str, revision: str = "main") -> tuple[int, Any, dict[str, str]]:
        """Describe a repository at a revision."""
        repo, commit = self._commit(repo_id, revision)
        siblings = [{"rfilename": path} for path in sorted(commit.files)]
        gated = repo.settings.get("gated", False)
        about = {
            "id": repo_id,
            "_id": "0" * 24,
            "author": repo_id.split("/")[0],
            "tags": [],
            "downloads": 0,
            "likes": 0,
        }
        return (
            200,
            {**about, "sha": commit.oid, "private": repo.private, "gated": gated, "siblings": siblings},
            {},
        )

    def refs(self, body: bytes, repo_id: str) -> tuple[int, Any, dict[str, str]]:
        """List branches, tags and pull requests."""
        repo = self._repo(repo_id)

        def listed(refs: dict[str, str], prefix: str) -> list[dict[str, str]]:
            return [
                {"name": n.rsplit("/", 1)[-1], "ref": prefix + n, "targetCommit": o} for n, o in refs.items()
            ]

        pulls = [{"name": n, "ref": n, "targetCommit": o} for n, o in repo.pulls.items()]
        # The harder case of annotated tags: the list names the tag's own object, not the commit.
        objects = {name: hashlib.sha1(name.encode()).hexdigest() for name in repo.tags}
        answer = {"branches": listed(repo.branches, "refs/heads/"), "tags": listed(objects, "refs/tags/")}
        return 200, {**answer, "converts": [], "pullRequests": pulls}, {}

    def discussion(self, body: bytes, repo_id: str, number: str) -> tuple[int, Any, dict[str, str]]:
        """Tell of a pull request."""
        repo = self._repo(repo_id)
        answer = {
            "num": int(number),
            "title": "",
            "createdAt": "2026-01-01T00:00:00.000Z",
            "status": "closed" if f"refs/pr/{number}" in repo.closed else "open",
            "repo": {"name": repo_id, "type": "dataset"},
            "isPullRequest": True,
            "changes": {"base": "refs/heads/main"},
            "filesWithConflicts": [],
            "events": [],
        }
        return 200, answer, {}

    def history(self, body: bytes, repo_id: str, revision: str) -> tuple[int, Any, dict[str, str]]:
        """List commits, newest first."""
        repo, commit = self._commit(repo_id, revision)
        date = "2026-01-01T00:00:00.000Z"
        authors = [{"user": "someone"}]
        rows = [
            {"id": c.oid, "title": c.title, "message": "", "date": date, "authors": authors}
            for c in repo.history(commit.oid)
        ]
        return 200, rows, {}

    # Files

    def _entry(self, path: str, blob: Blob) -> dict[str, Any]:
        entry: dict[str, Any] = {"type": "file", "oid": blob.blob_id, "size": blob.size, "path": path}
        if blob.sha256:
            entry["lfs"] = {"oid": blob.sha256, "size": blob.size, "pointerSize": 130}
        return entry

    def tree(
        self, body: bytes, repo_id: str, revision: str, folder: str = ""
    ) -> tuple[int, Any, dict[str, str]]:
        """List a folder, in pages that are linked by the Link header."""
        _, commit = self._commit(repo_id, revision)
        prefix = f"{folder}/" if folder else ""
        recursive = self.query.get("recursive", ["false"])[0].lower() in ("true", "1")
        entries: dict[str, dict[str, Any]] = {}
        for path, blob in sorted(commit.files.items()):
            if not path.startswith(prefix):
                continue
            inner = path[len(prefix) :].split("/")
            for depth in range(1, len(inner) if recursive else min(len(inner), 2)):
                name = prefix + "/".join(inner[:depth])
                entries[name] = {"type": "directory", "oid": "0" * 40, "size": 0, "path": name}
            if recursive or len(inner) == 1:
                entries[path] = self._entry(path, blob)
        if not entries:
            raise _Problem(404, f"{folder} does not exist", "EntryNotFound")
        start = int(self.query.get("cursor", ["0"])[0])
        rows = list(entries.values())
        more = start + PAGE < len(rows)
        target = f"{self.hub.url}{self.path_only}?recursive={str(recursive).lower()}&cursor={start + PAGE}"
        return 200, rows[start : start + PAGE], {"Link": f'<{target}>; rel="next"'} if more else {}

    def paths(self, body: bytes, repo_id: str, revision: str) -> tuple[int, Any, dict[str, str]]:
        """Describe the named paths; unknown ones are left out."""
        _, commit = self._commit(repo_id, revision)
        form = body.decode()
        asked = json.loads(form)["paths"] if form.startswith("{") else parse_qs(form).get("paths", [])
        rows = []
        for path in asked:
            if path in commit.files:
                rows.append(self._entry(path, commit.files[path]))
            elif any(name.startswith(f"{path}/") for name in commit.files):
                rows.append({"type": "directory", "oid": "0" * 40, "size": 0, "path": path})
        return 200, rows, {}

    def file(self, body: bytes, repo_id: str, revision: str, path: str) -> tuple[int, Any, dict[str, str]]:
        """Give a file, whole or in part; HEAD tells what it is."""
        _, commit = self._commit(repo_id, revision)
        blob = commit.files.get(path)
        if blob is None:
            raise _Problem(404, "Entry not found", "EntryNotFound")
        headers = {
            "X-Repo-Commit": commit.oid,
            "ETag": f'"{blob.sha256 or blob.blob_id}"',
            "Accept-Ranges": "bytes",
        }
        if blob.sha256:
            headers |= {"X-Linked-Etag": f'"{blob.sha256}"', "X-Linked-Size": str(blob.size)}
        xet = self.hub.xet_hash(blob.sha256) if blob.sha256 else None
        if xet and self.command == "HEAD":
            route = f"{self.hub.url}/api/datasets/{repo_id}/xet-read-token/{commit.oid}"
            return 200, b"", {**headers, "X-Xet-Hash": xet, "X-Xet-Refresh-Route": route}
        content = self.hub.bytes_of(blob)
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not wanted:
            return 200, content, headers
        first, last = int(wanted[1]), min(int(wanted[2] or blob.size - 1), blob.size - 1)
        return (
            206,
            content[first : last + 1],
            {**headers, "Content-Range": f"bytes {first}-{last}/{blob.size}"},
        )

    # Uploads

    def validate(self, body: bytes) -> tuple[int, Any, dict[str, str]]:
        """Check a card's head the way the Hub does: YAML, a known form of language codes, no empty keys."""
        match = re.match(r"---\n(.*?\n)---\n", json.loads(body)["content"], re.DOTALL)
        try:
            head = yaml.safe_load(match[1]) if match else {}
        except yaml.YAMLError as error:
            return 400, {"errors": [{"message": str(error)}], "warnings": []}, {}
        codes = head.get("language", [])
        wrong = [
            f'"language" must be ISO 639: {code!r}'
            for code in codes
            if not re.fullmatch("[a-z]{2,3}", str(code))
        ]
        wrong += [f'"{key}" is empty' for key, value in head.items() if value in (None, "", [])]
        answer = {"errors": [{"message": text} for text in wrong], "warnings": []}
        return (400 if wrong else 200), answer, {}

    def preupload(self, body: bytes, repo_id: str, revision: str) -> tuple[int, Any, dict[str, str]]:
        """Say which files go by LFS and what is there already."""
        _, commit = self._commit(repo_id, revision)
        files = []
        for asked in json.loads(body)["files"]:
            there = commit.files.get(asked["path"])
            mode = "lfs" if asked["path"].endswith(LFS_SUFFIXES) or asked["size"] > 10_000_000 else "regular"
            oid = (there.sha256 or there.blob_id) if there else None
            files.append({"path": asked["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return 200, {"files": files, "commitOid": commit.oid}, {}

    def batch(self, body: bytes, repo_id: str) -> tuple[int, Any, dict[str, str]]:
        """Say where to PUT the large files that are not there."""
        objects = []
        for asked in json.loads(body)["objects"]:
            entry = {"oid": asked["oid"], "size": asked["size"], "authenticated": True}
            if asked["oid"] not in self.hub.store:
                entry["actions"] = {"upload": {"href": f"{self.hub.url}/lfs/{asked['oid']}"}}
            objects.append(entry)
        return 200, {"transfer": "basic", "objects": objects}, {}

    def put(self, body: bytes, oid: str) -> tuple[int, Any, dict[str, str]]:
        """Take a large file; bytes that are not what they were announced to be are refused."""
        if hashlib.sha256(body).hexdigest() != oid:
            return 400, {"error": "content does not match its SHA-256"}, {}
        self.hub.store[oid] = body
        return 200, {}, {}

    def commit(self, body: bytes, repo_id: str, revision: str) -> tuple[int, Any, dict[str, str]]:
        """Take a commit, as NDJSON; a parent that is no longer the head gets 412."""
        repo, head = self._commit(repo_id, revision)
        if self.hub.before_commit:
            hook, self.hub.before_commit = self.hub.before_commit, None
            hook(repo)
            repo, head = self._commit(repo_id, revision)
        lines = [json.loads(line) for line in body.splitlines() if line.strip()]
        header = lines[0]["value"]
        as_pull = self.query.get("create_pr") == ["1"]
        if header.get("parentCommit") not in (None, head.oid) and not as_pull:
            raise _Problem(412, "A commit has happened since. Please refresh and try again.")
        oid = repo.add(head.oid, header["summary"], self._apply(dict(head.files), lines[1:]))
        answer = {
            "commitOid": oid,
            "commitUrl": f"{self.hub.url}/datasets/{repo_id}/commit/{oid}",
            "success": True,
        }
        if as_pull:
            name = f"refs/pr/{len(repo.pulls) + 1}"
            repo.pulls[name] = oid
            number = name.rsplit("/", 1)[-1]
            return (
                200,
                {**answer, "pullRequestUrl": f"{self.hub.url}/datasets/{repo_id}/discussions/{number}"},
                {},
            )
        repo.branches[revision] = oid
        return 200, answer, {}

    def _apply(self, files: dict[str, Blob], lines: list[dict[str, Any]]) -> dict[str, Blob]:
        for line in lines:
            key, value = line["key"], line["value"]
            if key == "file":
                files[value["path"]] = _regular(base64.b64decode(value["content"]))
            elif key == "lfsFile":
                if value["oid"] not in self.hub.store and not self.hub.xet_hash(value["oid"]):
                    raise _Problem(400, f"large file {value['oid']} was never uploaded")
                files[value["path"]] = _large(value["oid"], value["size"])
            elif key == "deletedFile":
                if files.pop(value["path"], None) is None:
                    raise _Problem(404, "A file with this name doesn't exist", "EntryNotFound")
            elif key == "deletedFolder":
                files = {p: b for p, b in files.items() if not p.startswith(value["path"].rstrip("/") + "/")}
        return files

    def xet_token(self, body: bytes, repo_id: str, revision: str = "main") -> tuple[int, Any, dict[str, str]]:
        """Send the genuine Xet client to a store in a local folder."""
        if self.hub.xet is None:
            raise _Problem(404, "no Xet here")
        url, expires = f"local://{self.hub.xet}", int(time.time()) + 3600
        headers = {"X-Xet-Cas-Url": url, "X-Xet-Access-Token": "xet", "X-Xet-Token-Expiration": str(expires)}
        return 200, {"accessToken": "xet", "exp": expires, "casUrl": url}, headers

    # Tags and branches

    def tag(self, body: bytes, repo_id: str, revision: str) -> tuple[int, Any, dict[str, str]]:
        """Make a tag; one that is there gets 409, also when it points elsewhere."""
        repo, commit = self._commit(repo_id, revision)
        name = json.loads(body)["tag"]
        if name in repo.tags:
            raise _Problem(409, "Tag reference exists already")
        repo.tags[name] = commit.oid
        return 200, {}, {}

    def untag(self, body: bytes, repo_id: str, name: str) -> tuple[int, Any, dict[str, str]]:
        """Delete a tag."""
        if self._repo(repo_id).tags.pop(name, None) is None:
            raise _Problem(404, "Tag not found", "RevisionNotFound")
        return 200, {}, {}

    def branch(self, body: bytes, repo_id: str, name: str) -> tuple[int, Any, dict[str, str]]:
        """Make or delete a branch."""
        repo = self._repo(repo_id)
        if self.command == "DELETE":
            repo.branches.pop(name)
            return 200, {}, {}
        start = json.loads(body or b"{}").get("startingPoint") or "main"
        repo.branches[name] = self._commit(repo_id, start)[1].oid
        return 200, {}, {}

    def squash(self, body: bytes, repo_id: str, name: str) -> tuple[int, Any, dict[str, str]]:
        """Make one commit of a branch's history."""
        repo, commit = self._commit(repo_id, name)
        repo.branches[name] = repo.add(None, json.loads(body or b"{}").get("message", "squash"), commit.files)
        return 200, {}, {}


_REPO = r"/api/datasets/(?P<repo_id>[^/]+/[^/]+)"
ROUTES = (
    ("POST", r"/api/repos/create", "create"),
    ("DELETE", r"/api/repos/delete", "remove"),
    ("POST", r"/api/validate-yaml", "validate"),
    ("PUT", _REPO + r"/settings", "settings"),
    ("GET", _REPO, "info"),
    ("GET", _REPO + r"/revision/(?P<revision>[^/]+)", "info"),
    ("GET", _REPO + r"/refs", "refs"),
    ("GET", _REPO + r"/discussions/(?P<number>[0-9]+)", "discussion"),
    ("GET", _REPO + r"/commits/(?P<revision>[^/]+)", "history"),
    ("GET", _REPO + r"/tree/(?P<revision>[^/]+)(?:/(?P<folder>.+))?", "tree"),
    ("POST", _REPO + r"/paths-info/(?P<revision>[^/]+)", "paths"),
    ("POST", _REPO + r"/preupload/(?P<revision>[^/]+)", "preupload"),
    ("POST", _REPO + r"/commit/(?P<revision>[^/]+)", "commit"),
    ("POST", _REPO + r"/tag/(?P<revision>[^/]+)", "tag"),
    ("DELETE", _REPO + r"/tag/(?P<name>[^/]+)", "untag"),
    ("POST DELETE", _REPO + r"/branch/(?P<name>[^/]+)", "branch"),
    ("POST", _REPO + r"/super-squash/(?P<name>[^/]+)", "squash"),
    ("GET", _REPO + r"/xet-(?:read|write)-token(?:/(?P<revision>[^/]+))?", "xet_token"),
    ("POST", r"/datasets/(?P<repo_id>[^/]+/[^/]+)\.git/info/lfs/objects/batch", "batch"),
    ("PUT", r"/lfs/(?P<oid>[0-9a-f]{64})", "put"),
    ("GET HEAD", r"/datasets/(?P<repo_id>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)", "file"),
)
"""Methods, path and the handler's method; the groups of the path are its arguments."""
