"""Who a request comes from, once the guards have let it in."""

from typing import Any

from tools.access import Access


def access_of(request: Any) -> Access:
    """What the caller of an HTTP request may do; the guards have put it into its state."""
    access: Access = request.state.access
    return access
