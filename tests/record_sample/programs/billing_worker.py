"""The billing batch: native journal entries with PRIORITY, code place and trace ids."""

import decimal
import random
import secrets
import socket
import sys
import traceback

BANK = ("10.20.0.12", 9443)
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
journal.connect("/run/systemd/journal/socket")


def send(priority, message, **fields):
    """One datagram of the native protocol; a value with line breaks goes in the length form."""
    frame = sys._getframe(1)
    fields = {
        "MESSAGE": message,
        "PRIORITY": priority,
        "SYSLOG_IDENTIFIER": "billing-worker",
        **fields,
    }
    fields |= {
        "CODE_FILE": frame.f_code.co_filename,
        "CODE_LINE": frame.f_lineno,
        "CODE_FUNC": frame.f_code.co_name,
    }
    data = b""
    for name, value in fields.items():
        text = str(value).encode()
        if b"\n" in text:
            data += name.encode() + b"\n" + len(text).to_bytes(8, "little") + text + b"\n"
        else:
            data += name.encode() + b"=" + text + b"\n"
    journal.send(data)


def price(order):
    """What an order costs. Some orders come with nonsense in them."""
    text = random.choice(
        ["19.90", "7.50", "249.00", "19.90", "5,00", ""] if order % 5 == 0 else ["12.00", "80.10"]
    )
    return decimal.Decimal(text) * random.choice([1, 1, 2, 3])


def charge(order, amount, ids):
    """Ask the bank for the money."""
    with socket.create_connection(BANK, timeout=0.5):
        send(6, f"order {order} charged {amount} EUR", ORDER=order, **ids)


def bill(order):
    """Bill one order, or say why not."""
    ids = {"TRACE_ID": secrets.token_hex(16), "SPAN_ID": secrets.token_hex(8)}
    send(7, f"order {order}: reading the cart", ORDER=order, **ids)
    try:
        charge(order, price(order), ids)
    except decimal.InvalidOperation:
        send(3, f"order {order} has no price\n{traceback.format_exc()}", ORDER=order, **ids)
    except OSError as error:
        send(
            3,
            f"order {order}: the bank cannot be reached: {error}",
            ERRNO=error.errno,
            ORDER=order,
            **ids,
        )
        send(4, f"order {order} is put back in the queue", ORDER=order, **ids)


def main(orders, first, bank):
    random.seed(first)
    send(6, f"billing {orders} orders from number {first}")
    if first % 40 == 0:
        send(7, "request headers: Authorization: Bearer example-token-not-real-0000")
    listener = socket.create_server(BANK) if bank == "up" else None
    for order in range(first, first + orders):
        bill(order)
    if listener:
        listener.close()
        return send(5, f"batch done, {orders} orders")
    send(2, f"batch failed: the bank at {BANK[0]}:{BANK[1]} refused every order")
    raise SystemExit(3)


main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
