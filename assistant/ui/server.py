"""The address the page is served at, taken before anything heavy is loaded."""

import errno
import ipaddress
import os
import socket

from assistant.errors import SettingsError
from assistant.settings import ServerSettings

_LARGEST_PORT = 65535
# Browsers that come while the models are loading wait here instead of being refused.
_WAITING_VISITORS = 128


def listen(settings: ServerSettings) -> socket.socket:
    """Open the listening socket.

    :raises SettingsError: if the address cannot be had.
    """
    if not 0 <= settings.port <= _LARGEST_PORT:
        raise SettingsError(f"--port is {settings.port}: expected 0 to {_LARGEST_PORT}")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError) as error:
        raise SettingsError(
            f"--host {settings.host!r} is no address of this machine: try 127.0.0.1, or 0.0.0.0 for every network"
        ) from error
    door = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere the option would let two servers share the port
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(address)
        door.listen(_WAITING_VISITORS)
    except OSError as error:
        door.close()
        raise SettingsError(_refusal(settings, error)) from error
    return door


def _refusal(settings: ServerSettings, error: OSError) -> str:
    where = f"port {settings.port} on {settings.host}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is in use, perhaps by another Ownhand: close that one, or choose another port with --port"
    return f"{where} cannot be used ({error.strerror}): choose another with --host and --port"


def url(door: socket.socket) -> str:
    """What a person types into a browser on this machine to reach the socket."""
    host, port = door.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_private(door: socket.socket) -> bool:
    """Whether only this machine can reach the socket."""
    return ipaddress.ip_address(door.getsockname()[0]).is_loopback
