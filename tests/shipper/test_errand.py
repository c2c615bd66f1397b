"""What is shipped: what the command names, else what the settings name."""

from pathlib import Path

import pytest

from shipper.errand import Errand
from shipper.errors import ShipperError
from shipper.settings import ShipperSettings

HERE = Path("/journals")


def settings(**given: object) -> ShipperSettings:
    return ShipperSettings.model_validate(given)


def test_nothing_named_is_the_journal() -> None:
    assert Errand().completed(settings()) == Errand(journal=True)


def test_settings_add_files_and_syslog_to_the_journal() -> None:
    given = settings(ship_files=["/a*"], ship_syslog=["udp://127.0.0.1:5514"])
    whole = Errand().completed(given)
    assert (whole.journal, whole.files, whole.syslog) == (True, ("/a*",), ("udp://127.0.0.1:5514",))
    once = Errand(follow=False).completed(given)
    assert (once.journal, once.files, once.syslog) == (True, ("/a*",), ())


@pytest.mark.parametrize(
    "errand",
    [
        Errand(directory=HERE),
        Errand(export="-", shift_to_now=True),
        Errand(files=("/b",)),
        Errand(files=("/b",), journal=True),
        Errand(syslog=("udp://127.0.0.1:5515",)),
        Errand(journal=True),
    ],
)
def test_what_the_command_names_is_all(errand: Errand) -> None:
    assert errand.completed(settings(ship_files=["/a*"], ship_syslog=["udp://[::1]:1"])) == errand


@pytest.mark.parametrize(
    ("errand", "words"),
    [
        (Errand(directory=HERE, export="-"), "give one of them"),
        (Errand(directory=HERE, journal=True), "give one of them"),
        (Errand(export="-", files=("/b",)), "give one of them"),
        (Errand(shift_to_now=True), "needs --export"),
        (Errand(syslog=("udp://127.0.0.1:5515",), follow=False), "syslog has no end"),
    ],
)
def test_contradictions_are_refused(errand: Errand, words: str) -> None:
    with pytest.raises(ShipperError, match=words):
        errand.completed(settings())


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(ShipperError, match="DEVMESH_SHIP_JOURNAL is false"):
        Errand().completed(settings(ship_journal=False))
