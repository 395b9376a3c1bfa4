"""A gunicorn worker whose threads never wait for a client.

gunicorn's gthread worker gives a connection to a thread at its first byte, and the thread waits for
the rest, so that as many half-sent requests as there are threads stop the service. Here the poller
receives the complete request, and sends the part of the response that the kernel does not accept at
once. A thread reads from memory and writes to memory.
"""

import selectors
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.http.errors import NoMoreData, ParseException
from gunicorn.workers.gthread import ThreadWorker

from wallet_api import deadline
from wallet_api.alarms import alarm
from wallet_api.request_ids import new_request_id
from wallet_api.server.client_connection import Connection, ResponseSocket
from wallet_api.server.problem_response import TooManyLarge, TooSlow, problem_response

REQUEST_SECONDS = 10.0
"""Time limit for receiving a request: from the accept, or from the first byte of a later one."""

RESPONSE_SECONDS = 30.0
"""Time limit for sending a response that the kernel did not accept at once."""

QUEUE_SECONDS = 15.0
"""Time limit for a request in the queue for a thread."""

STUCK_QUEUE_SECONDS = 4.0
"""The same limit while a thread has been busy with one request for more than half a second."""

MAX_LARGE_REQUESTS = 32
"""How many requests of more than 64 KiB are in memory at a time."""

_LARGE_BYTES = 64 * 1024
_STUCK_SECONDS = 0.5
_CLOSING_SECONDS = 2.0
# Time left to a client when connections are scarce or the worker stops.
_SHORT_SECONDS = 1.0
_CHECK_SECONDS = 0.25
# 20 times the largest response, which is a file of Swagger UI.
_MAX_UNSENT_BYTES = 32 * 1024 * 1024
_MAX_DRAINED_BYTES = 64 * 1024

_Callback = Callable[[Connection], None]


class Logger(GunicornLogger):
    """gunicorn's logger without its access log. Our own request log quotes no URL."""

    access_log_enabled = False


class Worker(ThreadWorker):
    """Dispatch complete requests to threads, and reject others with problem+json.

    A connection is either dispatched to a thread or watched by the poller. `_watched` maps it to
    the callback that runs at its deadline. All methods run in the poller's thread, except handle()
    and what it calls.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._watched: dict[Connection, _Callback] = {}
        # The requests that threads are processing, then the queue, in order.
        self._dispatched: dict[Connection, Future[bool]] = {}
        self._large: set[Connection] = set()
        # For requests that need no wait, even while all other threads wait.
        self._spare_threads = ThreadPoolExecutor(max_workers=2)
        self._next_check = 0.0

    def accept(self, listener: Any) -> None:
        """Accept a connection, and receive what has already arrived."""
        try:
            accepted, client = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        connection = Connection(self.cfg, accepted, client, listener.getsockname())
        self._await_request(connection, REQUEST_SECONDS)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Run the callbacks of what is ready, and of what has passed its deadline."""
        super().wait_for_and_dispatch_events(
            min(timeout, _CHECK_SECONDS) if self._watched or self._dispatched else timeout
        )
        now = time.monotonic()
        if now < self._next_check:
            return
        self._next_check = now + _CHECK_SECONDS
        self._cancel_overdue(now)
        shorten = not self.alive or self.nr_conns >= self.worker_connections
        for connection, on_timeout in list(self._watched.items()):
            if shorten:
                connection.deadline = min(connection.deadline, now + _SHORT_SECONDS)
            if connection.deadline <= now:
                on_timeout(connection)

    def _cancel_overdue(self, now: float) -> None:
        """Cancel requests that waited too long. A spare thread rejects them."""
        limit = QUEUE_SECONDS
        for connection, future in self._dispatched.items():
            if future.running() or future.done():
                if now - (connection.started_at or now) > _STUCK_SECONDS:
                    limit = STUCK_QUEUE_SECONDS
            elif now - connection.arrived_at < limit:
                break
            else:
                # Then finish_request() is called, unless a thread has just started it.
                future.cancel()

    def enqueue_req(self, conn: Connection) -> None:
        """Submit a request to the thread pool."""
        if conn.is_probe or conn.overdue:
            future = self._spare_threads.submit(self.handle, conn)
        else:
            future = self._dispatched[conn] = self.tpool.submit(self.handle, conn)
        future.add_done_callback(
            lambda done: self.method_queue.defer(self.finish_request, conn, done)
        )

    def _watch(
        self,
        connection: Connection,
        events: int,
        *,
        on_ready: _Callback,
        on_timeout: _Callback,
        seconds: float,
    ) -> None:
        connection.deadline = time.monotonic() + seconds
        self._watched[connection] = on_timeout
        self.poller.register(
            connection.sock, events, partial(self._run_callback, connection, on_ready)
        )

    def _unwatch(self, connection: Connection) -> None:
        del self._watched[connection]
        self.poller.unregister(connection.sock)

    def _run_callback(self, connection: Connection, on_ready: _Callback, _sock: Any = None) -> None:
        # An earlier callback of the same round may have closed it.
        if connection in self._watched:
            try:
                on_ready(connection)
            except BlockingIOError:
                pass
            except OSError:
                self._close(connection)

    def _await_request(self, connection: Connection, seconds: float) -> None:
        """Watch a connection for the next request."""
        connection.expect_request()
        self._watch(
            connection,
            selectors.EVENT_READ,
            on_ready=self._receive,
            on_timeout=self._time_out,
            seconds=REQUEST_SECONDS if connection.received else seconds,
        )
        # Most requests have already arrived, some together with the previous one.
        self._run_callback(
            connection, self._check_arrival if connection.received else self._receive
        )

    def _receive(self, connection: Connection) -> None:
        first = not connection.received
        more = connection.receive()
        if first and connection.parser.req_count:
            # The connection was idle until now.
            connection.deadline = time.monotonic() + REQUEST_SECONDS
        if len(connection.received) > _LARGE_BYTES and connection not in self._large:
            if len(self._large) >= MAX_LARGE_REQUESTS:
                self._refuse(connection, TooManyLarge())
                return
            self._large.add(connection)
        if more:
            self._check_arrival(connection)
        elif connection.received:
            self._dispatch(connection)
        else:
            self._close(connection)

    def _check_arrival(self, connection: Connection) -> None:
        try:
            if connection.is_complete():
                self._dispatch(connection)
        except ParseException as error:
            self._refuse(connection, error)

    def _time_out(self, connection: Connection) -> None:
        if connection.received:
            self._refuse(connection, TooSlow())
        else:
            self._close(connection)

    def _refuse(self, connection: Connection, error: ParseException) -> None:
        self._unwatch(connection)
        self.handle_error(None, connection.sock, connection.client, error)
        connection.keep = False
        self._after_response(connection)

    def _dispatch(self, connection: Connection) -> None:
        self._unwatch(connection)
        connection.feed_parser()
        self.enqueue_req(connection)

    def handle(self, conn: Connection) -> bool:
        """Process a request in a thread. Return whether to keep the connection open."""
        req = None
        conn.started_at = time.monotonic()
        deadline.start(conn.arrived_at, overdue=conn.overdue)
        try:
            req = next(conn.parser)
            # Skipping the unread rest of a body takes no time: it is in memory.
            return self.handle_request(req, conn) and bool(conn.parser.finish_body())
        except (NoMoreData, StopIteration, OSError) as error:
            self.log.debug("the client closed the connection: %s", type(error).__name__)
        except Exception as error:  # noqa: BLE001 (the client gets a response in any case)
            self.handle_error(req, conn.sock, conn.client, error)
        return False

    def handle_request(self, req: Any, conn: Connection) -> bool:
        """Process a request. Close the connection afterwards unless the request was complete."""
        # The poller has already sent 100 Continue if the client asked for it.
        req._expected_100_continue = False  # noqa: SLF001 (gunicorn offers no other way)
        if not conn.complete:
            req.force_close()
        keep = bool(super().handle_request(req, conn))
        conn.sock.flush()
        return keep

    def handle_error(self, req: Any, client: ResponseSocket, addr: Any, exc: BaseException) -> None:
        """Reject a request, and log only the type of the error."""
        client_error = isinstance(exc, ParseException)
        request_id = new_request_id()
        name = type(exc).__name__
        if client_error:
            self.log.warning("refused a request: %s, request id %s", name, request_id)
        else:
            event = "unhandled exception"
            alarm(event, "unhandled_exception", type=name, request_id=request_id)
        # The client may have closed the connection.
        with suppress(OSError):
            client.sendall(problem_response(exc, request_id))
            client.flush()

    def finish_request(self, conn: Connection, fs: "Future[bool]") -> None:
        """Take a connection back from its thread or from the queue."""
        self._dispatched.pop(conn, None)
        if fs.cancelled():
            conn.overdue = True
            self.enqueue_req(conn)
            return
        conn.overdue = False
        if conn.sock.fileno() < 0:
            # gunicorn closed it because the response was aborted.
            self._large.discard(conn)
            self.nr_conns -= 1
            return
        conn.keep = not fs.exception() and fs.result()
        self._after_response(conn)

    def _after_response(self, connection: Connection) -> None:
        """Send the rest of the response, then wait for the next request or close."""
        self._large.discard(connection)
        if connection.sock.unsent:
            self._watch(
                connection,
                selectors.EVENT_WRITE,
                on_ready=self._send,
                on_timeout=self._close,
                seconds=RESPONSE_SECONDS,
            )
            self._limit_unsent()
        elif connection.keep:
            self._await_request(connection, self.cfg.keepalive)
        else:
            self._linger(connection)

    def _send(self, connection: Connection) -> None:
        connection.sock.flush()
        if not connection.sock.unsent:
            self._unwatch(connection)
            self._after_response(connection)

    def _limit_unsent(self) -> None:
        """Close the slowest connections while unsent responses use too much memory."""
        pending = [connection for connection in self._watched if connection.sock.unsent]
        unsent = sum(len(connection.sock.unsent) for connection in pending)
        for connection in pending:
            if unsent <= _MAX_UNSENT_BYTES:
                break
            unsent -= len(connection.sock.unsent)
            self._close(connection)

    def _linger(self, connection: Connection) -> None:
        """Close gracefully, so that the response is not lost (RFC 9112, section 9.6)."""
        self._watch(
            connection,
            selectors.EVENT_READ,
            on_ready=self._drain,
            on_timeout=self._close,
            seconds=_CLOSING_SECONDS,
        )
        self._run_callback(connection, lambda closing: closing.sock.shutdown(socket.SHUT_WR))

    def _drain(self, connection: Connection) -> None:
        connection.received.clear()
        if not connection.receive():
            self._close(connection)
            return
        connection.drained += len(connection.received)
        if connection.drained > _MAX_DRAINED_BYTES:
            self._close(connection)

    def _close(self, connection: Connection) -> None:
        self._unwatch(connection)
        self._large.discard(connection)
        connection.sock.close()
        self.nr_conns -= 1
