"""The web server of the API and the pages, inside of our loop."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Sequence

import uvicorn
from fastapi import FastAPI

from assent.core.faults import OperatorFault
from assent.edges.proxies import BehindProxies, Network


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens already. Raises OperatorFault for an address in use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as fault:
        listening.close()
        raise OperatorFault(
            "address-in-use", f"`{host}:{port}` cannot be listened on ({fault.strerror})"
        ) from fault
    listening.listen(512)
    return listening


async def start(
    application: FastAPI,
    web_socket: socket.socket,
    tasks: asyncio.TaskGroup,
    proxies: Sequence[Network] = (),
) -> tuple[uvicorn.Server, "asyncio.Task[None]"]:
    """Serve until `stop`; return once requests are answered. Raises OperatorFault.

    proxies: whose word on where a request comes from counts.
    """
    server = _Server(
        uvicorn.Config(
            BehindProxies(application, proxies) if proxies else application,
            log_config=None,
            access_log=False,
            # Whoever says where a request comes from could get round the sign-in limit; those
            # who may are named.
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=2,
            lifespan="off",
        )
    )
    serving = tasks.create_task(server.serve(sockets=[web_socket]))
    while not server.started:
        if serving.done():
            raise OperatorFault("web", "the web server could not start")
        await asyncio.sleep(0.005)
    return server, serving


class _Server(uvicorn.Server):
    """A server inside of our loop: signals are not its business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to whoever runs the process."""
        yield


async def stop(server: uvicorn.Server, serving: "asyncio.Task[None]") -> None:
    """Answer what is under way, for two seconds at most, and take nothing more."""
    server.should_exit = True
    await serving
