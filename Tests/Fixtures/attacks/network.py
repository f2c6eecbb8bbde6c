#% connects to a port of this machine
import socket
def attack():
    socket.create_connection(("127.0.0.1", @PORT@), timeout=2).sendall(b"x")

#% connects without the socket module
import _socket
def attack():
    s = _socket.socket(2, 1)
    s.connect(("127.0.0.1", @PORT@))

#% connects through the C library
import ctypes, struct
def attack():
    libc = ctypes.CDLL(None)
    s = libc.socket(2, 1, 0)
    libc.connect(s, struct.pack("=HH4s8x", 2, @PORT_SWAPPED@, bytes([127, 0, 0, 1])), 16)

#% connects through io_uring
import ctypes
def attack():
    libc = ctypes.CDLL(None)
    if libc.syscall(425, 4, ctypes.create_string_buffer(256)) >= 0: return "@TOKEN@"

#% connects by 32-bit and x32 system calls
import ctypes
def attack():
    libc = ctypes.CDLL(None)
    if libc.syscall(0x40000000 + 41, 2, 1, 0) >= 0: return "@TOKEN@"

#% sends a datagram
import socket
def attack():
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", @PORT@))
    return "@TOKEN@"

#% opens a port of its own
import socket
def attack():
    s = socket.socket()
    s.bind(("0.0.0.0", 0))
    s.listen()
    return "@TOKEN@"

#% connects to a socket in the file system
import socket
def attack():
    s = socket.socket(socket.AF_UNIX)
    s.connect("@OUTSIDE@/socket")

#% connects to an abstract socket
import socket
def attack():
    s = socket.socket(socket.AF_UNIX)
    s.connect("\0@MARK@")

#% sends to an abstract socket from a pair
import socket
def attack():
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    a.sendto(b"x", "\0@MARK@-datagram")
    return "@TOKEN@"

#% asks the kernel for its interfaces and rules
import socket
def attack():
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).bind((0, 0))
    return "@TOKEN@"

#% sends a raw packet
import socket
def attack():
    socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).sendto(b"x" * 8, ("127.0.0.1", 0))
    return "@TOKEN@"

#% asks a name server
import socket
def attack():
    socket.getaddrinfo("localhost.localdomain", @PORT@)
    socket.gethostbyname("example.org")
    return "@TOKEN@"

#% fetches a page
import urllib.request
def attack():
    return urllib.request.urlopen("http://127.0.0.1:@PORT@/", timeout=2).read()
