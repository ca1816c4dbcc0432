"""The worker that gunicorn serves pages with (gunicorn.conf.py): who sends slowly, or nothing, holds no thread.

Gunicorn's own worker gives a thread to every connection, which waits in it for a body as long as the sender likes.
Here connections wait in the loop of the worker, whatever their number, until a request is there from its first to its
last byte; only what is too large for that, which a stranger may not send, is read by a thread, and not for ever.
"""

import errno
import re
import selectors
import socket
import time

from gunicorn.workers.gthread import TConn, ThreadWorker

from web.middleware import ANONYMOUS_MAX_BYTES

# How long a request may take to arrive, and a thread to wait for the next part of a larger one or of its reader.
SECONDS_TO_SEND = 30
# After the answer, for what was sent and not read: without it the answer might be lost on its way.
SECONDS_TO_PART = 2
SECONDS_TO_DRAIN = 0.05
MOST_OF_HEAD = 32 * 1024
MOST_WAITED_FOR = MOST_OF_HEAD + ANONYMOUS_MAX_BYTES
_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r\n", re.IGNORECASE)


class PatientWorker(ThreadWorker):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.waiting = set()

    def accept(self, listener):
        try:
            sender, address = listener.accept()
        except OSError as error:
            if error.errno in {errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK}:
                return
            raise
        self.nr_conns += 1
        self.await_request(TConn(self.cfg, sender, address, listener.getsockname()))

    def on_client_socket_readable(self, conn, client):
        """The next request begins on a connection that was kept."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self.await_request(conn)

    def await_request(self, conn):
        if self.cfg.is_ssl or conn.sock.family == socket.AF_UNIX:
            # What is encrypted cannot be looked at; a socket of files, which only a proxy of this machine uses, does
            # not say when more is there.
            self.enqueue_req(conn)
        else:
            conn.expected = 1
            self.wait(conn, SECONDS_TO_SEND, self.more_came)

    def more_came(self, conn):
        """Gives the request to a thread where it is whole; else looks again when as much is there as is missing."""
        try:
            seen = conn.sock.recv(MOST_WAITED_FOR, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            seen, conn.expected = b" ", MOST_WAITED_FOR
        expected = size_of_request(seen)
        if len(seen) >= expected:
            self.leave(conn)
            expect(conn, 1)
            conn.data_ready = True
            self.enqueue_req(conn)
        elif len(seen) < conn.expected or expected > MOST_WAITED_FOR:
            # The other side has gone, or sends a head without an end.
            self.end(conn)
        else:
            expect(conn, expected)

    def handle_request(self, req, conn):
        conn.sock.settimeout(SECONDS_TO_SEND)
        return super().handle_request(req, conn)

    def _keepalive_after(self, conn, keepalive):
        if not keepalive or not conn.parser.finish_body(deadline=time.monotonic() + SECONDS_TO_DRAIN):
            return False
        # A part of another request, which a thread would have to wait for: the sender asks again on a new connection.
        return not conn.parser.unreader.buf.getvalue()

    def finish_request(self, conn, fs):
        if not fs.cancelled() and fs.exception() is None and fs.result():
            return super().finish_request(conn, fs)
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.nr_conns -= 1
            conn.close()
        else:
            self.wait(conn, SECONDS_TO_PART, self.part)

    def part(self, conn):
        """Forgets what still comes, until the other side has the answer and closes."""
        try:
            is_over = not conn.sock.recv(MOST_WAITED_FOR)
        except BlockingIOError:
            return
        except OSError:
            is_over = True
        if is_over:
            self.end(conn)

    def wait(self, conn, seconds, then):
        conn.timeout = time.monotonic() + seconds
        conn.sock.setblocking(False)
        self.waiting.add(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, lambda _: then(conn))

    def leave(self, conn):
        self.waiting.discard(conn)
        self.poller.unregister(conn.sock)

    def end(self, conn):
        self.leave(conn)
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self):
        """Called by the loop, at least once a second."""
        now = time.monotonic()
        for conn in [conn for conn in self.waiting if conn.timeout <= now]:
            self.end(conn)
        super().murder_pending()

    def _cap_keepalive(self, deadline):
        super()._cap_keepalive(deadline)
        for conn in self.waiting:
            conn.timeout = min(conn.timeout, deadline)


def expect(conn, size):
    """Has the loop woken when `size` bytes are there, or the other side has closed."""
    conn.expected = size
    conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size)


def size_of_request(seen):
    """How many bytes the request has that begins so, as far as can be told; with a body that is not waited for, its
    head alone, and of nothing, which says that the other side has closed, none."""
    if not seen:
        return 0
    end = seen.find(_END_OF_HEAD)
    if end < 0:
        return len(seen) + 1 if len(seen) < MOST_OF_HEAD else MOST_WAITED_FOR + 1
    head = end + len(_END_OF_HEAD)
    length = _LENGTH.search(seen, 0, end + 2)
    body = int(length[1]) if length else 0
    return head + body if body <= ANONYMOUS_MAX_BYTES else head
