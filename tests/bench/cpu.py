"""CPU seconds of processes: of those that have ended from the kernel's account, else from /proc."""

import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def of_process(pid: int) -> float:
    """User and system seconds that a running process has used in all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def wait(process: "subprocess.Popen[bytes]", seconds: float = 600) -> float:
    """Wait for a process to end well; the seconds it and its children have used."""
    deadline = time.monotonic() + seconds
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        if time.monotonic() > deadline:
            process.kill()
            raise TimeoutError(f"{process.args!r} did not end within {seconds} s")
        time.sleep(0.005)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


@dataclass
class Result:
    """What one way of shipping took; `cpu` in seconds by program."""

    name: str
    rows: int
    seconds: float
    cpu: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Rows per second from the start of the first process to the last commit."""
        return self.rows / self.seconds

    def per_entry(self, seconds: float) -> float:
        """Microseconds of CPU an entry."""
        return seconds * 1e6 / self.rows
