"""Process 1 of a virtual device, a program in fresh namespaces; standard library only.

Mounts the root, starts adbd and dropbear as the user `shell`, and relays 127.0.0.1 of the host to them: it inherits
two sockets that listen in the host's network, and connects in its own, where nothing from outside arrives.
It ends when its standard input is closed, and the kernel then ends everything in its namespaces.
"""

import contextlib
import fcntl
import json
import shutil
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

ADB_PORT = 15555
SSH_PORT = 15022
READY = "ready"

_ELF_AARCH64 = r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
_ELF_MASK = r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1
PHONE_DATA_MIB = 1024
PHONE_CARD_MIB = 4
_BOARD = f"""
mkdir -p $HOME/.ssh && chmod 700 $HOME $HOME/.ssh && cp /etc/device.keys $HOME/.ssh/authorized_keys
dropbearkey -t ed25519 -f $HOME/.host_key >/dev/null 2>&1
dropbear -F -E -s -r $HOME/.host_key -p 127.0.0.1:{SSH_PORT} &
exec /usr/lib/android-sdk/platform-tools/adbd
"""
_PHONE = "exec /system/bin/adbd"


def main() -> None:
    """Boot with the settings in the first argument (JSON) and run until standard input ends."""
    settings = json.loads(sys.argv[1])
    root = _mount(settings)
    _bring_up_loopback()
    userland = _start_userland(root, settings["phone"])
    relays = {int(port): descriptor for port, descriptor in settings["relays"].items()}
    for port, descriptor in relays.items():
        listener = socket.socket(fileno=descriptor)
        threading.Thread(target=_relay, args=(listener, port), daemon=True).start()
    threading.Thread(target=_wait_until_listening, args=(tuple(relays),), daemon=True).start()
    sys.stdin.read()
    userland.kill()


def _mount(settings: dict[str, Any]) -> Path:
    """Overlay the device's files on the kit's root and mount what programs need. Returns the new root."""
    folder, root = Path(settings["folder"]), Path(settings["folder"]) / "root"
    _register_emulator(settings["emulator"])
    layers = f"lowerdir={settings['kit_root']},upperdir={folder}/upper,workdir={folder}/work,userxattr"
    _sh("mount", "-t", "overlay", "overlay", "-o", layers, str(root))
    _sh("mount", "-t", "proc", "proc", str(root / "proc"))
    for node in settings["device_nodes"]:
        _sh("mount", "--bind", f"/dev/{node}", str(root / "dev" / node))
    _sh("mount", "-t", "devpts", "-o", "newinstance,ptmxmode=0666", "devpts", str(root / "dev/pts"))
    data_mib = settings["data_mib"] or (PHONE_DATA_MIB if settings["phone"] else None)
    if data_mib is not None:
        _sh("mount", "-t", "tmpfs", "-o", f"size={data_mib}m,mode=0777", "tmpfs", str(root / "data/local/tmp"))
    if settings["phone"]:
        card = f"size={PHONE_CARD_MIB}m,mode=0777,noexec"
        _sh("mount", "-t", "tmpfs", "-o", card, "tmpfs", str(root / "sdcard"))
        _sh("mount", "-o", "remount,bind,ro", str(root))
    socket.sethostname(settings["serial"])
    return root


def _register_emulator(emulator: str) -> None:
    """Register the emulator for arm64 programs in this namespace (Linux 6.7 and newer)."""
    _sh("mount", "-t", "binfmt_misc", "none", "/proc/sys/fs/binfmt_misc")
    rule = f":arm64:M::{_ELF_AARCH64}:{_ELF_MASK}:{emulator}:OPF"
    Path("/proc/sys/fs/binfmt_misc/register").write_bytes(rule.encode())


def _bring_up_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


def _start_userland(root: Path, phone: bool) -> "subprocess.Popen[bytes]":
    """Run adbd, and on a board dropbear, as user 2000 (`shell` on Android), without this process's environment."""
    shell = ["/system/bin/device-shell", "-c", _PHONE] if phone else ["/bin/device-shell", "-c", _BOARD]
    drop = [shutil.which("unshare") or "unshare", "--user", "--map-user=2000", "--map-group=2000", f"--root={root}"]
    environment = {"ADBD_PORT": str(ADB_PORT)}
    return subprocess.Popen([*drop, *shell], stdin=subprocess.DEVNULL, stdout=sys.stderr, env=environment)


def _wait_until_listening(ports: tuple[int, ...]) -> None:
    """Print `ready` once every server accepts connections."""
    for port in ports:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                threading.Event().wait(0.05)
    sys.stdout.write(READY + "\n")
    sys.stdout.flush()


def _relay(listener: socket.socket, port: int) -> None:
    while True:
        outside, _ = listener.accept()
        try:
            inside = socket.create_connection(("127.0.0.1", port), 5)
        except OSError:
            outside.close()
            continue
        inside.settimeout(None)
        for source, target in ((outside, inside), (inside, outside)):
            threading.Thread(target=_pump, args=(source, target), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    # An OSError: one side is gone; closing the other tells it.
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _sh(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command[:4])}: {done.stderr.strip()}")


if __name__ == "__main__":
    main()
