"""Sends one UDP datagram and prints what came back within a second: the name of an error, such as ENETUNREACH, or `nothing`.

Usage: datagram.py ADDRESS PORT
"""

import errno
import socket
import sys

# Numbers of the kernel that the module `socket` lacks: an ICMP message is then an error of the socket.
IP_RECVERR, IPV6_RECVERR = 11, 25


def main():
    """The command line."""
    address, port = sys.argv[1], int(sys.argv[2])
    is_ipv6 = ":" in address
    with socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(*((socket.IPPROTO_IPV6, IPV6_RECVERR) if is_ipv6 else (socket.IPPROTO_IP, IP_RECVERR)), 1)
        sender.settimeout(1)
        sender.connect((address, port))
        sender.send(b"?")
        try:
            sender.recv(1)
            print("an answer")
        except TimeoutError:
            print("nothing")
        except OSError as error:
            print(errno.errorcode[error.errno])


main()
