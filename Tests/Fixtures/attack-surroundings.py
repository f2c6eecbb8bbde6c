"""What the attacks of the sandbox aim at: sockets that nobody should reach, and a process that
nobody should see or end. Each connection leaves a file. Ends when its input does."""

import os
import socket
import sys
import threading

folder, mark, token = sys.argv[1:]


def accept(listener, name):
    while True:
        listener.accept()
        open(f"{folder}/connection-{name}", "w").close()


def receive(listener, name):
    while True:
        listener.recv(100)
        open(f"{folder}/connection-{name}", "w").close()


def listen(family, kind, address, name, wait):
    listener = socket.socket(family, kind)
    listener.bind(address)
    if kind == socket.SOCK_STREAM:
        listener.listen()
    threading.Thread(target=wait, args=(listener, name), daemon=True).start()
    return listener


tcp = listen(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0), "tcp", accept)
listen(socket.AF_INET, socket.SOCK_DGRAM, tcp.getsockname(), "udp", receive)
listen(socket.AF_UNIX, socket.SOCK_STREAM, f"{folder}/socket", "file", accept)
listen(socket.AF_UNIX, socket.SOCK_STREAM, f"\0{mark}", "abstract", accept)
listen(socket.AF_UNIX, socket.SOCK_DGRAM, f"\0{mark}-datagram", "datagram", receive)
os.chmod(f"{folder}/socket", 0o777)
print(tcp.getsockname()[1], socket.htons(tcp.getsockname()[1]), flush=True)
sys.stdin.read()
