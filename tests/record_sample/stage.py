"""What the scenes share: the host, its random numbers and the programs left running."""

import random
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

from machine import HOSTS, call

SceneFunction = Callable[..., None]
SCENES: dict[str, SceneFunction] = {}


def scene(function: SceneFunction) -> SceneFunction:
    """Make a function playable by its name in the plan."""
    SCENES[function.__name__] = function
    return function


class Stage:
    """One host while it is being recorded."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.address = HOSTS[host]
        self.rng = random.Random(host + " on stage")
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.planned = 0.0  # where the present scene lies in the sample, seconds since the epoch
        self.cron_seen = False
        self.unwanted: list[int] = []  # PIDs whose own lines are an artefact of the recording

    def start(self, name: str, *argv: str, **more: Any) -> None:
        """Leave a program running under a name."""
        options: dict[str, Any] = {
            "stdout": subprocess.DEVNULL,
            "stderr": subprocess.DEVNULL,
            "stdin": subprocess.DEVNULL,
        }
        self.running[name] = subprocess.Popen(argv, cwd="/", **(options | more))

    def service(self, name: str, *argv: str) -> None:
        """Leave a program running with its output in the journal, as a unit would."""
        self.start(name, "systemd-cat", "-t", name, *argv)

    def stop(self, name: str, how: int = signal.SIGTERM) -> str:
        """End a program that was left running, and say how it ended."""
        program = self.running.pop(name, None)
        if not program:
            return "never started"
        program.send_signal(how)
        status = program.wait(timeout=20)
        return f"status={status}" if status >= 0 else f"killed by signal {-status}"

    def is_running(self, name: str) -> bool:
        """Whether the program was started and has not ended."""
        return name in self.running and self.running[name].poll() is None

    def say(self, tag: str, priority: str, text: str) -> None:
        """A word of the service manager, whose part the recorder plays, about what it just saw."""
        call("logger", "-t", tag, "-p", f"daemon.{priority}", text)

    def pause(self, least: float, most: float) -> None:
        """Wait about as long as a person or a network would."""
        time.sleep(self.rng.uniform(least, most))


def wait_for(true: Callable[[], bool], seconds: float = 15) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(true)
        time.sleep(0.05)
