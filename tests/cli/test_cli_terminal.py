"""What a person at a terminal sees: colour, the bar, harmless lines."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

from .conftest import DEADLINE_SECONDS, Kit

BASE = ("model=digits_cnn", "gpus=0", "--name", "job")
BAR = (
    'command=[sh,-c,\'echo "[progress] step=20 total_steps=40 loss=0.5"; echo one; '
    'printf "\\\\033]0;renamed\\\\007two\\\\n"\']'
)


def on_terminal(kit: Kit, *arguments: str, **environ: str) -> str:
    """Everything that the command writes to its terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tfjob_kit.cli", *arguments],
        cwd=kit.folder,
        env={**kit.environ, "TERM": "xterm-256color", **environ},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    parts: list[bytes] = []
    try:
        while data := os.read(master, 65536):
            parts.append(data)
    except OSError:  # Linux' end of file of a terminal
        pass
    finally:
        os.close(master)
    process.wait(timeout=DEADLINE_SECONDS)
    return b"".join(parts).decode()


def test_a_terminal_gets_colour_and_no_window_titles(kit: Kit) -> None:
    shown = on_terminal(kit, "run", *BASE, BAR)
    assert "\x1b[36mchief-0" in shown
    assert "job Succeeded" in shown
    assert "two" in shown
    assert "renamed" not in shown.replace(BAR, "")
    assert "20/40" in shown


def test_no_color_is_honoured(kit: Kit) -> None:
    shown = on_terminal(kit, "run", *BASE, BAR, NO_COLOR="1")
    assert "\x1b[36m" not in shown
    assert "\x1b[1m" not in shown
    assert "\x1b" not in on_terminal(kit, "status", "job", NO_COLOR="1")
    assert "\x1b[" in on_terminal(kit, "status", "job")


def test_a_dumb_terminal_gets_neither_bar_nor_colour(kit: Kit) -> None:
    assert "\x1b" not in on_terminal(kit, "run", *BASE, BAR, TERM="dumb")


def test_cancel_asks_on_a_terminal(kit: Kit) -> None:
    assert 0 == kit("run", *BASE, "command=[sh,-c,true]").code
    master, slave = pty.openpty()
    os.write(master, b"n\n")
    done = subprocess.run(
        [sys.executable, "-m", "tfjob_kit.cli", "cancel", "job"],
        cwd=kit.folder,
        env=kit.environ,
        stdin=slave,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_SECONDS,
    )
    os.close(slave)
    os.close(master)
    assert 3 == done.returncode
    assert "nothing was cancelled" in done.stderr
    assert ["job"] == kit.jobs()
