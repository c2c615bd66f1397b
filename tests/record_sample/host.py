"""Plays one host from its plan, inside the namespace of private_journald.sh.

usage: host.py HOST START MARKS   (START: seconds since the epoch at which the sample begins)

MARKS gets one JSON line for each scene: when it began in truth and in the plan
(microseconds since the epoch), and which PIDs are artefacts of the recording.
"""

import json
import sys
import time
import traceback
from typing import TextIO

import machine
import scenes_access
import scenes_data
import scenes_jobs
import scenes_web
from plan import Scene, plan
from stage import SCENES, Stage, scene


@scene
def boot(stage: Stage) -> None:
    """Start everything the host runs."""
    scenes_access.start_sshd(stage)
    scenes_jobs.prepare_jobs(stage)
    scenes_jobs.start_chrony(stage)
    if stage.host == "web-01":
        scenes_web.start_shop(stage)
        scenes_web.start_nginx(stage)
    elif stage.host == "web-02":
        scenes_web.start_haproxy(stage)
        scenes_web.start_nginx(stage)
    elif stage.host == "db-01":
        scenes_data.install_mariadb(stage)
        scenes_data.start_redis(stage)
    else:
        scenes_jobs.start_dnsmasq(stage)


def play(stage: Stage, one: Scene, marks: TextIO, planned: float) -> None:
    """Play one scene and note when; a scene that fails must not end the recording."""
    lead = scenes_jobs.TICK_LEAD if one.name == "cron_tick" else 0
    stage.planned = planned
    began = time.time()
    try:
        SCENES[one.name](stage, **one.args)
    except Exception:
        print(f"{stage.host}: scene {one.name} failed", traceback.format_exc(), file=sys.stderr)
    machine.call("journalctl", "--sync")
    mark = {
        "began": int(began * 1e6),
        "planned": int((planned - lead) * 1e6),
        "scene": one.name,
        "unwanted": stage.unwanted,
    }
    print(json.dumps(mark), file=marks, flush=True)


def main(host: str, start: float, marks: TextIO) -> None:
    """Play the whole plan, each scene no earlier in the plan than the end of the one before.

    cron's minutes cannot be moved: a tick that would overlap is left out.
    """
    stage = Stage(host)
    machine.build(host)
    free = 0.0
    for one in plan(host):
        at = max(one.at, free)
        if one.name == "cron_tick" and free > one.at - scenes_jobs.TICK_LEAD:
            continue
        began = time.monotonic()
        play(stage, one, marks, start + at)
        free = at + (time.monotonic() - began) + 1.5
    for name in reversed(list(stage.running)):
        stage.stop(name, 9)


if __name__ == "__main__":
    with open(sys.argv[3], "w", encoding="utf-8") as file:
        main(sys.argv[1], float(sys.argv[2]), file)
