"""A dataset repository on the Hub, as far as publishing needs it: every call to huggingface_hub is here.

Errors of the client become HubError with what to do next. The token is the client's own affair (HF_TOKEN or
`hf auth login`); it is never asked for here, and should an error quote it, it is cut out.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import httpx, validate_repo_id  # type: ignore[attr-defined]  # names of 2.x
from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

from builder.errors import HubError, UsageError
from builder.version import __version__

REPO_TYPE = "dataset"
MAIN = "main"

COMMIT_TRIES = 4
"""Tries of a commit that the Hub answers with 5xx or not at all; the parent guard makes trying again safe."""

COMMIT_WAIT_S = 1.0
"""Wait before the second try; doubled each time, as the client itself does for uploads."""

MOVED = 412
"""Status of a commit whose parent is no longer the head."""

_CLIENT_ERRORS = (
    HfHubHTTPError,
    httpx.HTTPError,
    OSError,
    RuntimeError,
    ValueError,
)

ADVICE = {
    401: "Log in with `hf auth login`, or set HF_TOKEN to a token that may write to this repository.",
    403: "The token may not write here: make one with write access to this repository or organisation.",
    404: "Check the name OWNER/NAME; a private repository needs a token that may read it.",
    MOVED: "Somebody else committed meanwhile. Run the command again: it looks at the new state first.",
    429: "The Hub asks to slow down. Wait some minutes and run the command again; nothing is sent twice.",
}
AGAIN = "Run the command again: what was uploaded is not sent again, and nothing is published by halves."

REFUSED = "The Hub refuses this as it is. Correct what it names (the card's head: [dataset] in the recipe) and build."


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file at a revision: its size, its git blob id, and its SHA-256 where it is a large file."""

    size_bytes: int
    blob_id: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit that was made; `pull_url` is the page of its pull request, where it is one."""

    oid: str
    pull_url: str | None = None


class Moved(HubError):
    """The head is not what it was when the plan was made."""


class Busy(HubError):
    """The Hub failed to answer; trying again may help."""


class Remote:
    """One dataset repository. `endpoint` None is the client's own (HF_ENDPOINT or the Hub).

    Raises UsageError for a name that is not OWNER/NAME, before anything is asked.
    """

    def __init__(self, repo_id: str, endpoint: str | None = None) -> None:
        _check_name(repo_id)
        self.repo_id = repo_id
        self.endpoint = endpoint
        self._api = HfApi(endpoint=endpoint, library_name="hiwar", library_version=__version__)

    @cached_property
    def url(self) -> str:
        """The page of the repository."""
        return f"{self._api.endpoint}/datasets/{self.repo_id}"

    def head(self) -> str | None:
        """Return the commit id of main, or None where there is no such repository (or none we may see).

        Raises HubError when the Hub refuses or cannot be reached.
        """
        with self._told("reading the repository"):
            try:
                return self._api.dataset_info(self.repo_id).sha
            except RepositoryNotFoundError as error:
                if error.response.status_code == 401:
                    raise HubError(
                        "the Hub does not know who asks",
                        where=self.url,
                        what_next=ADVICE[401],
                    ) from None
                return None

    def create(self, *, private: bool) -> None:
        """Make the repository; one that is there already is fine. Raises HubError."""
        with self._told("creating the repository"):
            self._api.create_repo(self.repo_id, repo_type=REPO_TYPE, private=private, exist_ok=True)

    def is_gated(self) -> bool:
        """Return whether access has to be asked for. Raises HubError."""
        with self._told("reading the gate"):
            return bool(self._api.dataset_info(self.repo_id).gated)

    def gate(self, mode: str) -> None:
        """Ask users for access: "auto" or "manual". Raises HubError."""
        with self._told("setting the gate"):
            self._api.update_repo_settings(self.repo_id, repo_type=REPO_TYPE, gated=mode)  # type: ignore[arg-type]

    def tree(self, revision: str) -> dict[str, RemoteFile]:
        """Return every file of a revision by its path. Raises HubError."""
        with self._told(f"listing the files of {revision}"):
            entries = list(
                self._api.list_repo_tree(self.repo_id, recursive=True, revision=revision, repo_type=REPO_TYPE)
            )
        return {
            entry.path: RemoteFile(entry.size, entry.blob_id, entry.lfs.sha256 if entry.lfs else None)
            for entry in entries
            if isinstance(entry, RepoFile)
        }

    def tags(self) -> tuple[str, ...]:
        """Return the names of the tags. Raises HubError."""
        with self._told("listing the tags"):
            refs = self._api.list_repo_refs(self.repo_id, repo_type=REPO_TYPE)
        return tuple(tag.name for tag in refs.tags)

    def commit_of(self, revision: str) -> str:
        """Return the commit id a tag stands for; the list of tags may name the tag's own object. Raises HubError."""
        with self._told(f"reading {revision}"):
            return self._api.dataset_info(self.repo_id, revision=revision).sha or ""

    def pulls(self) -> dict[str, str]:
        """Return pull request (refs/pr/1) -> commit id, newest first. Raises HubError."""
        with self._told("listing the pull requests"):
            refs = self._api.list_repo_refs(self.repo_id, repo_type=REPO_TYPE, include_pull_requests=True)
        found = {pull.ref: pull.target_commit for pull in refs.pull_requests or []}
        return dict(reversed(found.items()))

    def is_open(self, pull: str) -> bool:
        """Return whether a pull request (refs/pr/1) waits to be merged: refs of closed ones stay. Raises HubError."""
        with self._told(f"reading {pull}"):
            found = self._api.get_discussion_details(
                self.repo_id, int(pull.rsplit("/", 1)[-1]), repo_type=REPO_TYPE
            )
        return found.status in ("open", "draft")

    def titles_since(self, base: str) -> list[str]:
        """Return the titles of the commits on main after `base`, newest first. Raises HubError."""
        with self._told("reading the history"):
            commits = self._api.list_repo_commits(self.repo_id, repo_type=REPO_TYPE)
        ids = [commit.commit_id for commit in commits]
        return [commit.title for commit in commits[: ids.index(base) if base in ids else len(ids)]]

    def download(self, path: str, revision: str, folder: Path) -> Path:
        """Fetch one file of a revision into `folder` and return where it lies. Raises HubError."""
        with self._told(f"fetching {path} of {revision}"), _bars():
            found = self._api.hf_hub_download(
                self.repo_id, path, repo_type=REPO_TYPE, revision=revision, local_dir=folder
            )
        return Path(found)

    def prepare(self, files: Mapping[str, Path | bytes]) -> list[CommitOperationAdd]:
        """Upload the content of large files, without a commit; what the Hub has is not sent. Raises HubError."""
        with self._told("uploading"), _bars():
            additions = [
                CommitOperationAdd(path_in_repo=path, path_or_fileobj=source)
                for path, source in files.items()
            ]
            self._api.preupload_lfs_files(self.repo_id, additions, repo_type=REPO_TYPE, free_memory=False)
        return additions

    def commit(
        self,
        additions: Sequence[CommitOperationAdd],
        deletions: Iterable[str],
        *,
        parent: str,
        title: str,
        text: str,
        pull: bool,
    ) -> Committed:
        """Make one commit on top of `parent`, or open a pull request with it.

        Raises Moved when main is no longer at `parent`, HubError when the Hub refuses for good.
        """
        operations: list[CommitOperationAdd | CommitOperationCopy | CommitOperationDelete] = [*additions]
        operations += [CommitOperationDelete(path, is_folder=False) for path in deletions]
        with self._told("committing"), _bars():
            made = self._api.create_commit(
                self.repo_id,
                operations,
                commit_message=title,
                commit_description=text,
                repo_type=REPO_TYPE,
                parent_commit=parent,
                create_pr=pull,
            )
        return Committed(made.oid, made.pr_url)

    def tag(self, name: str, commit: str, text: str) -> None:
        """Tag a commit, and make sure that the tag points to it.

        Raises HubError when the tag is there and points elsewhere.
        """
        with self._told(f"tagging {name}"):
            self._api.create_tag(
                self.repo_id,
                tag=name,
                revision=commit,
                tag_message=text,
                repo_type=REPO_TYPE,
                exist_ok=True,
            )
        found = self.commit_of(name)
        if found != commit:
            raise HubError(
                f"tag {name} points to {found}, not to {commit}",
                where=self.url,
                what_next=f"Delete it with `hf repos tag delete {self.repo_id} {name} --repo-type dataset` "
                "if it is wrong, then run the command again.",
            )

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        """Turn the client's errors into ours, without the token and with what to do next."""
        try:
            yield
        except _CLIENT_ERRORS as error:
            cause = error.__cause__ if isinstance(error, RuntimeError) and error.__cause__ else error
            kind, advice = _sort(cause)
            told = f"{doing} failed: {without_token(_first_lines(cause))}"
            # "from None": the client's own error carries the headers of its request.
            raise kind(told, where=self.url, what_next=advice) from None


def _check_name(repo_id: str) -> None:
    try:
        validate_repo_id(repo_id)
        why = "" if "/" in repo_id else "it has no owner"
    except HFValidationError as error:
        why = str(error)
    if why:
        raise UsageError(
            f"{repo_id!r} is no name of a repository: {why}",
            what_next="Give OWNER/NAME, as it stands behind huggingface.co/datasets/.",
        )


def _sort(error: BaseException) -> tuple[type[HubError], str]:
    """Return what kind of failure an error of the client is, and what to do about it."""
    if not isinstance(error, HfHubHTTPError):
        return (HubError, REFUSED) if isinstance(error, ValueError) else (Busy, AGAIN)
    status = error.response.status_code
    if status == MOVED:
        return Moved, ADVICE[MOVED]
    if status in ADVICE:
        return HubError, ADVICE[status]
    return (HubError, REFUSED) if 400 <= status < 500 else (Busy, AGAIN)


def pause(attempt: int) -> None:
    """Wait before try `attempt` + 1; attempts count from 0."""
    time.sleep(COMMIT_WAIT_S * 2**attempt)


def without_token(text: str) -> str:
    """Return a text in which the token, should it stand there, is replaced."""
    token = get_token()
    return text.replace(token, "[token]") if token else text


def _first_lines(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:3])[:500] or type(error).__name__


@contextmanager
def _bars() -> Iterator[None]:
    """Keep the client's progress bars off where nobody looks at a terminal."""
    if sys.stderr.isatty() or are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()
