"""Merkle trees as RFC 6962 builds them: leaves and nodes are hashed apart, so that neither passes for the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

EMPTY = sha256(b"").digest()
"""The root over nothing."""


def leaf_of(table: str, number: int, digest: bytes) -> bytes:
    """The hash of one leaf: the row ``number`` of ``table`` whose canonical text has ``digest``."""
    return sha256(b"\x00%s:%d:%s" % (table.encode(), number, digest)).digest()


def node_of(left: bytes, right: bytes) -> bytes:
    """The hash of a node above two others."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """Takes the leaves one after the other and keeps no more of them than their logarithm."""

    def __init__(self) -> None:
        self.count = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        self._peaks.append(leaf)
        self.count += 1
        complete = self.count
        while complete % 2 == 0:
            right = self._peaks.pop()
            self._peaks.append(node_of(self._peaks.pop(), right))
            complete //= 2

    def root(self) -> bytes:
        """The root over what was added so far."""
        if not self._peaks:
            return EMPTY
        root = self._peaks[-1]
        for left in reversed(self._peaks[:-1]):
            root = node_of(left, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over the hashes of ``leaves``."""
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


class Proofs:
    """The inclusion proofs of one tree. Holds the whole tree: 64 bytes a leaf."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._levels = [list(leaves)]
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            above = [node_of(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)]
            self._levels.append(above + below[len(above) * 2 :])

    def of(self, position: int) -> list[bytes]:
        """What lies beside the way from the leaf at ``position`` to the root, the lowest first (RFC 6962, 2.1.1)."""
        proof = []
        for level in self._levels[:-1]:
            if position ^ 1 < len(level):
                proof.append(level[position ^ 1])
            position //= 2
        return proof
