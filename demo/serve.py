"""`make demo`: one stack in the foreground, kept alive until Ctrl-C or SIGTERM, with nothing left afterwards."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shlex
import shutil
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from demo.environment import PROJECT, say
from demo.part import StartFailure
from demo.plan import Plan
from demo.stack import Stack
from portal.postgres.account import EmbeddedPostgresFailure
from portal.postgres.cluster import Cluster

WATCHED = ("core", "accounts", "catalog", "pricing", "orders", "quotes", "integrations", "portal", "locale")

KEPT_BY_A_DEMO = [
    "postgres",
    "erp",
    "pim",
    "mails",
    "media",
    "demo",
    "log",
    "static",
    "demo.env",
    "secret-key",
]


class Ended(BaseException):
    """Somebody asked the demo to end."""


def serve(arguments: argparse.Namespace) -> int:
    """Start, tell where everything is, look after it, end it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_ended)
    started = time.monotonic()
    plan = Plan(
        root=arguments.root,
        port=arguments.port,
        erp_port=arguments.erp_port,
        erp_kind=arguments.erp_db,
        is_dev=arguments.dev,
        front_erp=(lambda _: arguments.erp_url) if arguments.erp_url else None,
    )
    stack = Stack(plan)
    code = 0
    try:
        stack.start()
        _move_a_price(stack)
        _write_environment(stack)
        _tell(stack, time.monotonic() - started)
        _look_after(stack)
    except Ended:
        say("\nEnding ...")
    except (StartFailure, EmbeddedPostgresFailure) as failure:
        print(failure, file=sys.stderr)
        code = 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        stack.stop()
        (stack.root / "demo.env").unlink(missing_ok=True)
    say("Ended; nothing runs any more.")
    return code


def reset(arguments: argparse.Namespace) -> int:
    """Throw away what the demo stored, unless it runs."""
    root: Path = arguments.root
    if os.environ.get("DATABASE_URL"):
        print(
            "DATABASE_URL names a database of yours: empty it yourself, the demo does not.", file=sys.stderr
        )
        return 1
    (root / "run").mkdir(parents=True, exist_ok=True)
    with (root / "run" / "stack.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"A demo runs from {root}. End it first (Ctrl-C where it runs).", file=sys.stderr)
            return 1
        forget(root)
    say("The demo's data is gone. make demo starts it anew.")
    return 0


def forget(root: Path) -> None:
    """Throw away what a demo stored under a root; the environments stay."""
    Cluster(root / "postgres").destroy()
    for name in KEPT_BY_A_DEMO:
        path = root / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    shutil.rmtree(root / "run", ignore_errors=True)


def _move_a_price(stack: Stack) -> None:
    """Let the ERP raise the price of something that waits for an approval, once."""
    if stack.is_new:
        moved = json.loads((PROJECT / "demo" / "approvals.json").read_text(encoding="utf-8"))["moved_price"]
        stack.erp("scenario", "change-list-price", "--product", moved["product"], "--price", moved["price"])


def _raise_ended(number: int, frame: FrameType | None) -> None:
    raise Ended


def _look_after(stack: Stack) -> None:
    """Start again what ended by itself, its database too; in development whatever runs changed code."""
    seen = _newest_change() if stack.plan.is_dev else 0.0
    starters = {"erp": stack.start_erp, "worker": stack.start_worker, "web": stack.start_web}
    while True:
        time.sleep(1)
        if stack.owns_database and stack.cluster.postmaster() is None:
            say("The database ended by itself; starting it again.")
            stack.cluster.ensure(stack.plan.database)
        for name, start in starters.items():
            if not stack.parts[name].is_alive():
                say(f"{name} ended by itself; starting it again. Its log is {stack.parts[name].log}.")
                stack.parts[name].kill()
                start()
        if stack.plan.is_dev and (change := _newest_change()) > seen:
            seen = change
            say("The code changed; starting web and worker again.")
            for name in ("web", "worker"):
                stack.parts[name].stop()
                starters[name]()


def _newest_change() -> float:
    return max(file.stat().st_mtime for folder in WATCHED for file in (PROJECT / folder).rglob("*.[pm][yo]"))


def _write_environment(stack: Stack) -> None:
    """Leave what another terminal needs to run manage.py on the demo: `set -a; . var/demo.env`."""
    file = stack.root / "demo.env"
    file.touch(0o600)
    ours = {name: value for name, value in stack.environment.items() if name not in os.environ}
    file.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in sorted(ours.items())))


def _tell(stack: Stack, seconds: float) -> None:
    rows = [
        ("Portal", stack.url + "/"),
        ("Back office", stack.url + "/admin/"),
        ("Mails it sent", stack.url + "/mails/"),
        ("ERP (Tryton)", stack.erp_url + "/"),
    ]
    say(f"\nAccord is ready after {seconds:.0f} s.\n")
    for name, address in rows:
        say(f"  {name:<14} {address}")
    say("\n  Sign in as")
    for person in stack.people():
        say(f"  {person['email']:<34} {person['password']:<20} {person['does']}")
    say(f"\n  Logs are in {_short(stack.root / 'log')}. Ctrl-C ends everything.\n")


def _short(path: Path) -> str:
    return str(path.relative_to(PROJECT)) if path.is_relative_to(PROJECT) else str(path)
