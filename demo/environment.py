"""Builds the Python environments from their lock files, with nothing but the standard library.

    python3 demo/environment.py runtime      what the product needs      .venv
    python3 demo/environment.py dev          the same and the tests'     .venv
    python3 demo/environment.py erp          the demo's Tryton           var/erp-venv

Each environment carries the digest of the lock it was made from, so that a second call costs nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
TOO_NEW = (3, 14)


class EnvironmentFailure(Exception):
    """The environment cannot be built; the message says what to do."""


@dataclass(frozen=True)
class Recipe:
    """One environment: where it stands, which lock fills it, which other locks that covers."""

    folder: Path
    lock: Path
    stamp: str
    covers: tuple[str, ...] = ()


RECIPES = {
    "runtime": Recipe(PROJECT / ".venv", PROJECT / "requirements.lock", "runtime"),
    "dev": Recipe(PROJECT / ".venv", PROJECT / "requirements-dev.lock", "dev", covers=("runtime",)),
    "erp": Recipe(PROJECT / "var" / "erp-venv", PROJECT / "demo" / "erp" / "requirements.lock", "erp"),
}


def ensure(name: str) -> Path:
    """Return the Python of an environment that holds exactly what its lock asks for.

    name: runtime, dev or erp. Builds or completes the environment when its stamp is missing or differs.
    Raises EnvironmentFailure with a sentence that says what to do.
    """
    recipe = RECIPES[name]
    python = recipe.folder / "bin" / "python"
    if _is_current(recipe):
        return python

    with _alone(recipe):
        if not _is_current(recipe):
            _build(recipe)
    return python


def _is_current(recipe: Recipe) -> bool:
    stamp = _stamp(recipe, recipe.stamp)
    return (
        (recipe.folder / "bin" / "python").exists()
        and stamp.exists()
        and stamp.read_text() == _digest(recipe)
    )


def _stamp(recipe: Recipe, name: str) -> Path:
    return recipe.folder / f"accord-{name}.stamp"


def _digest(recipe: Recipe) -> str:
    return hashlib.sha256(recipe.lock.read_bytes()).hexdigest()


@contextmanager
def _alone(recipe: Recipe) -> Iterator[None]:
    locks = PROJECT / "var" / "run"
    locks.mkdir(parents=True, exist_ok=True)
    with (locks / f"{recipe.folder.name.strip('.')}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(recipe: Recipe) -> None:
    started = time.monotonic()
    if not _has_pip(recipe.folder):
        _create(recipe.folder)

    say(f"Installing {_count(recipe.lock)} packages from {recipe.lock.relative_to(PROJECT)} ...")
    _pip(recipe, "--require-hashes", "--requirement", str(recipe.lock))
    for name in (recipe.stamp, *recipe.covers):
        _stamp(recipe, name).write_text(_digest(RECIPES[name]))
    say(f"Installed in {time.monotonic() - started:.0f} s.")


def _create(folder: Path) -> None:
    python = suitable_python()
    say(f"Creating a Python environment in {folder.relative_to(PROJECT)} ...")
    if folder.exists() and not folder.is_symlink():
        shutil.rmtree(folder)
    made = subprocess.run([python, "-m", "venv", str(folder)], capture_output=True, text=True)
    if made.returncode:
        raise EnvironmentFailure(
            f"{python} could not create an environment: {(made.stdout + made.stderr).strip()}\n"
            "On Debian and Ubuntu: apt install python3-venv. Then start again."
        )


def _has_pip(folder: Path) -> bool:
    python = folder / "bin" / "python"
    if not python.exists():
        return False
    check = "import sys, pip; sys.exit(not ((3, 11) <= sys.version_info[:2] < (3, 14)))"
    return subprocess.run([python, "-c", check], capture_output=True).returncode == 0


def suitable_python() -> str:
    """Return a Python that the product runs on: this one, or one found on the path.

    Raises EnvironmentFailure when there is none.
    """
    if OLDEST <= sys.version_info[:2] < TOO_NEW:
        return sys.executable
    for minor in range(TOO_NEW[1] - 1, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    raise EnvironmentFailure(
        f"Accord runs on Python 3.11 to 3.13; this is {sys.version.split()[0]} and no other was found "
        "on the path. Install one of them and start again with PYTHON=python3.12 (or its full path)."
    )


def _pip(recipe: Recipe, *arguments: str) -> None:
    log = PROJECT / "var" / "log" / f"pip-{recipe.stamp}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [str(recipe.folder / "bin" / "python"), "-m", "pip", "install"]
    quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    with log.open("w") as output:
        result = subprocess.run(
            [*command, *quiet, *arguments], stdout=output, stderr=subprocess.STDOUT, check=False
        )
    if result.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise EnvironmentFailure(
            f"pip could not install the packages:\n{tail}\n"
            f"The whole log is in {log.relative_to(PROJECT)}. Is the package index reachable? "
            "Start again when it is; what is already there is kept."
        )


def _count(lock: Path) -> int:
    return sum(1 for line in lock.read_text().splitlines() if "==" in line)


def say(text: str) -> None:
    """Print one line of progress at once."""
    print(text, flush=True)


def main() -> int:
    """Build the environments named on the command line."""
    os.chdir(PROJECT)
    names = sys.argv[1:] or ["runtime"]
    unknown = [name for name in names if name not in RECIPES]
    if unknown:
        sys.exit(f"There is no environment {unknown[0]!r}: choose among {', '.join(RECIPES)}.")
    try:
        for name in names:
            ensure(name)
    except EnvironmentFailure as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
