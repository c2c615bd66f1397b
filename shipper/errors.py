"""What can stop a shipper on purpose: each message says what to do about it."""

from tools.errors import DevMeshError


class ShipperError(DevMeshError):
    """Base of the errors that end a shipper instead of letting it lose or double entries."""

    code = "shipper_error"


class JournalUnreadable(ShipperError):
    """The journal is there but may not be read, or is not there at all."""

    code = "journal_unreadable"


class BadPosition(ShipperError):
    """A saved position that cannot be understood: neither head nor tail would be honest."""

    code = "bad_position"


class BadExport(ShipperError):
    """Text that is not in the journal export format."""

    code = "bad_export"


class ReaderDied(ShipperError):
    """The process that reads the journal keeps dying."""

    code = "reader_died"


class CannotInstall(ShipperError):
    """The services could not run from here, or their files cannot be written."""

    code = "cannot_install"


class CannotListen(ShipperError):
    """An address that syslog messages cannot be received at."""

    code = "cannot_listen"


class GaveUp(ShipperError):
    """The server has not taken what there was. Nothing is lost: the next run begins with it."""

    code = "gave_up"


class BadFrame(ShipperError):
    """A stream of syslog messages whose framing makes no sense."""

    code = "bad_frame"
