"""An SMTP server that keeps every message in a folder and delivers none.

`python -m leadfunnel.appliance.mail_catcher FOLDER`
"""

import asyncio
import os
import signal
import sys
import uuid
from pathlib import Path

from aiosmtpd.smtp import SMTP

KEPT = 1000


class Keeper:
    """Writes each message as FOLDER/new/<time order>.eml, envelope in X-headers on top; the oldest go first."""

    def __init__(self, folder):
        self.folder = folder / "new"
        self.folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server, session, envelope):
        head = f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n"
        name = f"{uuid.uuid1().time:020d}-{uuid.uuid4().hex[:8]}"
        draft = self.folder / f"{name}.part"
        draft.write_bytes(head.encode() + envelope.original_content)
        draft.rename(self.folder / f"{name}.eml")
        messages = sorted(self.folder.glob("*.eml"))
        for path in messages[:-KEPT]:
            path.unlink(missing_ok=True)
        return "250 kept"


async def serve(folder):
    """Catches mail on a free port, which it writes to FOLDER/port, until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    keeper = Keeper(folder)
    server = await loop.create_server(
        lambda: SMTP(keeper, hostname="LeadFunnel", ident="mail catcher", loop=loop), host="127.0.0.1", port=0
    )
    (folder / "catcher.pid").write_text(str(os.getpid()))
    draft = folder / "port.part"
    draft.write_text(str(server.sockets[0].getsockname()[1]))
    draft.rename(folder / "port")
    try:
        await stopped.wait()
    finally:
        (folder / "port").unlink(missing_ok=True)
        server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
