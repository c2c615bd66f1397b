"""Inside a private journald: write COUNT entries while a shipper is killed KILLS times.

usage: live_lab.py COUNT KILLS SHIP_COMMAND... ; the last shipper is left until our input ends.
"""

import os
import signal
import subprocess
import sys
import threading
import time

from systemd import journal

USER = ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", "logger", "-t", "lab"]


def write(count: int) -> None:
    """Numbered entries over a few seconds, by root and by a user, with rotations."""
    user = subprocess.Popen(USER, stdin=subprocess.PIPE, text=True, bufsize=1)
    assert user.stdin is not None
    for number in range(count):
        if number % 3:
            journal.send(f"n={number} of the live lab")
        else:
            user.stdin.write(f"n={number} of a user\n")
        if number % 500 == 499:
            os.kill(int(os.environ["JD_PID"]), signal.SIGUSR2)
        if number % 20 == 0:
            time.sleep(0.015)
    user.stdin.close()
    user.wait()


def main(count: int, kills: int, command: list[str]) -> None:
    """Write and kill; then let a shipper catch up and stop it the polite way."""
    writer = threading.Thread(target=write, args=(count,))
    writer.start()
    for _ in range(kills):
        shipper = subprocess.Popen(command)
        time.sleep(1.2)
        shipper.kill()
        shipper.wait()
    writer.join()
    subprocess.run(["journalctl", "--sync"], check=False)
    shipper = subprocess.Popen(command)
    sys.stdin.read()
    shipper.terminate()
    sys.exit(shipper.wait(10))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
