"""Indexes photographs; a broken one takes the process down, as native decoders do."""

import ctypes
import faulthandler
import hashlib
import os
import random
import sys

faulthandler.enable()


def decode(name, data):
    """Stand in for a decoder written in C that trusts the file too much."""
    if data.startswith(b"BROKEN"):
        print(f"<4>{name}: bad marker 0x{data[7]:02x}, trying to go on", flush=True)
        ctypes.string_at(0)
    return hashlib.sha256(data).hexdigest()[:12]


def main(folder):
    names = sorted(os.listdir(folder))
    print(f"scanning {folder}: {len(names)} files", flush=True)
    random.shuffle(names)
    for name in names:
        try:
            with open(os.path.join(folder, name), "rb") as file:
                print(f"indexed {name} as {decode(name, file.read())}", flush=True)
        except OSError as error:
            print(f"<3>cannot read {name}: {error}", flush=True)
    print("<5>index is complete", flush=True)


main(sys.argv[1])
