"""What the operating system knows of processes: from /proc, or from ps and lsof where there is none."""

import socket
import struct
import subprocess
from pathlib import Path

PROC = Path("/proc")
HAS_PROC = (PROC / "self" / "stat").exists()
LISTEN = "0A"


def table() -> dict[int, tuple[int, str]]:
    """Return parent and state of every process, by process id."""
    if not HAS_PROC:
        command = ["ps", "-A", "-o", "pid=,ppid=,stat="]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        rows = [line.split() for line in lines]
        return {int(pid): (int(parent), state[0]) for pid, parent, state in rows}
    found = {}
    for directory in PROC.glob("[0-9]*"):
        try:
            state, parent, *_ = (directory / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        found[int(directory.name)] = (int(parent), state)
    return found


def running(*pids: int) -> list[int]:
    """Return those of the processes that are there and not only waiting to be collected."""
    known = table()
    return [pid for pid in pids if known.get(pid, (0, "Z"))[1] != "Z"]


def descendants(pid: int) -> list[int]:
    """Return the processes below a process."""
    known = table()
    below = [child for child, (parent, _) in known.items() if parent == pid]
    return below + [deeper for child in below for deeper in descendants(child)]


def listening_on(pid: int) -> set[str]:
    """Return the addresses a process listens on, without their ports."""
    if not HAS_PROC:
        command = ["lsof", "-nP", "-a", "-p", str(pid), "-iTCP", "-sTCP:LISTEN", "-Fn"]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        return {line[1:].rpartition(":")[0] for line in lines if line.startswith("n")}
    sockets = {str(fd.readlink()) for fd in (PROC / str(pid) / "fd").iterdir()}
    found = set()
    for family in ("tcp", "tcp6"):
        for line in (PROC / "net" / family).read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == LISTEN and f"socket:[{inode}]" in sockets:
                found.add(address(local.rpartition(":")[0]))
    return found


def address(number: str) -> str:
    """Turn the kernel's hexadecimal form of an IPv4 address into the usual one; keep an IPv6 one as it is."""
    return socket.inet_ntoa(struct.pack("=I", int(number, 16))) if len(number) == 8 else number
