# SPDX-License-Identifier: Apache-2.0
"""Stands where the original's worker would, and speaks its protocol with code of its own.

Writes down what it is and each message it gets, in hex, to the file that the model's where.txt names; answers call after call with
the lines of the model's replies.txt, in which "id" stands for the request's.
"""

import argparse
import os
import socket
import struct
import sys

import ts


class Connection:
    def __init__(self, connected):
        self.connected = connected
        self.message = b""

    def take(self, count):
        taken = b""
        while len(taken) < count:
            received = self.connected.recv(count - len(taken))
            if not received:
                sys.exit(0)
            taken += received
        self.message += taken
        return taken

    def number(self):
        return struct.unpack("!i", self.take(4))[0]

    def text(self):
        return self.take(self.number()).decode()

    def fields(self, parts):
        """Up to the end of a list, each of so many parts."""
        length = self.number()
        while length != -1:
            self.take(length)
            for _ in range(parts - 1):
                self.take(self.number())
            length = self.number()

    def load(self):
        """The model's folder."""
        self.text()
        folder = self.text()
        self.number()
        self.text()
        self.number()
        self.text()
        self.take(1)
        return folder

    def call(self):
        """The ids of its requests."""
        ids = []
        length = self.number()
        while length != -1:
            ids.append(self.take(length))
            self.fields(2)
            self.fields(3)
            length = self.number()
        return ids


def string(text):
    return (struct.pack("!i", len(text)) + text).hex()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sock-type", required=True)
    parser.add_argument("--sock-name", required=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(parser.parse_known_args()[0].sock_name)
    listener.listen(1)
    connection = Connection(listener.accept()[0])
    record, replies = None, []
    while True:
        connection.message = b""
        kind = connection.take(1)
        if kind == b"L":
            folder = connection.load()
            with open(os.path.join(folder, "where.txt")) as where, open(os.path.join(folder, "replies.txt")) as lines:
                record, replies = where.read().strip(), lines.read().splitlines()
            with open(record, "a") as out:
                out.write(f"{sys.argv[0]} {ts.__file__} {folder}\n")
            reply = replies.pop(0)
        else:
            reply = replies.pop(0).replace("id", string(connection.call()[0]))
        with open(record, "a") as out:
            out.write(connection.message.hex() + "\n")
        connection.connected.sendall(bytes.fromhex(reply))


if __name__ == "__main__":
    main()
