import socketserver
import tempfile
import threading
from pathlib import Path

import pytest

from tests.flows.processes import Broker, Processes


@pytest.fixture
def broker():
    # Not tmp_path: the path of a socket has to be short.
    with tempfile.TemporaryDirectory(prefix="pulse-") as folder:
        broker = Broker(Path(folder))
        broker.start()
        yield broker
        broker.kill()


@pytest.fixture
def processes(committed, broker, tmp_path):
    processes = Processes(tmp_path, broker)
    yield processes
    processes.end()


class _Talk(socketserver.StreamRequestHandler):
    """As much of SMTP as a sender needs; it takes a moment over each message."""

    def handle(self):
        self.wfile.write(b"220 test\r\n")
        recipient = None
        while line := self.rfile.readline().strip():
            word = line.split(b":")[0].split()[0].upper()
            if word == b"RCPT":
                recipient = line.split(b"<")[1].split(b">")[0].decode()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                self.server.taken.append(recipient)
                threading.Event().wait(0.05)
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"QUIT":
                return


@pytest.fixture
def mail_server():
    """A mail server with its `url` and `taken`, the addresses it took a message for."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Talk) as server:
        server.daemon_threads = True
        server.taken, server.url = [], f"smtp://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
