"""Plays the stories: the demo must show, in order, what each step of the text says to see."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

STORIES = [Path(__file__).with_name(name) for name in ("the-spine.story.md", "an-agent.story.md")]
MARK = "ASSENT_STORY_MARK"


def _environment(mark: str) -> dict[str, str]:
    return os.environ | {MARK: mark, "LC_ALL": "C.UTF-8"}


def _left(mark: str) -> list[str]:
    """Return the processes that carry the mark in their environment, except ourselves."""
    left = []
    for process in psutil.process_iter(["pid", "name"]):
        try:
            if process.environ().get(MARK) == mark:
                left.append(f"{process.pid} {process.name()}")
        except (psutil.Error, OSError):
            continue
    return left


def _steps(text: str) -> list[list[str]]:
    """Return what is to be seen in each numbered step, in order."""
    steps: list[list[str]] = []
    for line in text.splitlines():
        if re.match(r"\d+\. ", line):
            steps.append([])
        elif match := re.match(r"\s+- see: (.+)", line):
            steps[-1].append(match[1])
    return steps


@pytest.mark.timeout(180)
def test_the_demo_shows_the_story_and_leaves_nothing_running(tmp_path: Path) -> None:
    mark = str(tmp_path)
    ended = subprocess.run(
        [sys.executable, "-m", "assent", "demo", "--story-only"],
        env=_environment(mark),
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert _left(mark) == []
    told = re.split(r"^(\d+)\. ", ended.stdout, flags=re.MULTILINE)
    parts = dict(zip(told[1::2], told[2::2], strict=True))
    steps = [step for story in STORIES for step in _steps(story.read_text(encoding="utf-8"))]
    assert list(parts) == [str(number) for number in range(1, len(steps) + 1)]
    for number, expected in enumerate(steps, 1):
        for words in expected:
            assert words in parts[str(number)], f"step {number} of the story"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ending_the_demo_in_the_middle_leaves_nothing_running(
    tmp_path: Path, number: signal.Signals
) -> None:
    mark = str(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "assent", "demo", "--story-only", "--folder", str(tmp_path / "d")],
        env=_environment(mark),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("2. "):
            break
    process.send_signal(number)
    rest, _ = process.communicate(timeout=30)
    assert process.returncode == 130, rest
    deadline = time.monotonic() + 5
    while _left(mark) and time.monotonic() < deadline:
        pass
    assert _left(mark) == []
