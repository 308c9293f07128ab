"""Where pages are served: which address is taken, and what is said about it."""

from __future__ import annotations

import ipaddress
import socket
from typing import Annotated
from urllib.parse import urlsplit

import typer

from assurance.config import Settings, weakness_of
from cli.opening import BadInput
from web.server import bind

USUAL_PORT = 8000
HostOption = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help="Where the pages are served; elsewhere than on this machine only behind https.",
    ),
]
PortOption = Annotated[
    int, typer.Option(metavar="N", help="The port of the pages; 0 takes any that is free.")
]


def require_secret(settings: Settings) -> None:
    """Raise BadInput where pages would be served without a secret of the installation's own."""
    weakness = weakness_of(settings.secret, "serving pages")
    if weakness:
        raise BadInput(weakness)


def take_address(settings: Settings, host: str, port: int) -> socket.socket:
    """Take the address of the pages before anything else begins.

    Raises BadInput where somebody else has it, or where passwords would travel unencrypted.
    """
    if not _is_loopback(host) and urlsplit(settings.base_url).scheme != "https":
        raise BadInput(
            f"--host {host}: others would reach the pages unencrypted. Put a server that speaks https in front, and set "
            "AUDITLOOP_BASE_URL to its address, https://..."
        )
    try:
        return bind(host, port)
    except OSError as error:
        raise BadInput(
            f"The pages cannot be served on {host}, port {port}: {(error.strerror or str(error)).lower()}. Stop what "
            f"uses it, or give another with --port."
        ) from error


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
