"""The tree and its proofs, against the definition in RFC 6962, written out."""

from __future__ import annotations

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from apps.audit import merkle

LEAVES = st.lists(st.binary(min_size=32, max_size=32), max_size=70)


def by_definition(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, over leaves that are hashed already."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + by_definition(leaves[:half]) + by_definition(leaves[half:])).digest()


def climbed(leaf: bytes, position: int, size: int, proof: list[bytes]) -> bytes:
    """RFC 9162, 2.1.3.2: the root to which the proof leads."""
    node, last, found = position, size - 1, leaf
    for other in proof:
        assert last > 0
        if node % 2 or node == last:
            found = sha256(b"\x01" + other + found).digest()
            while not node % 2 and node:
                node, last = node // 2, last // 2
        else:
            found = sha256(b"\x01" + found + other).digest()
        node, last = node // 2, last // 2
    assert last == 0
    return found


@given(LEAVES)
def test_the_root_is_the_one_of_the_definition(leaves: list[bytes]) -> None:
    assert merkle.root_of(leaves) == by_definition(leaves)


@given(LEAVES.filter(bool), st.data())
def test_a_proof_leads_from_its_leaf_to_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(leaves) - 1))
    proof = merkle.Proofs(leaves).of(position)
    assert climbed(leaves[position], position, len(leaves), proof) == by_definition(leaves)


@given(LEAVES.filter(bool), st.data())
def test_another_leaf_leads_elsewhere(leaves: list[bytes], data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(leaves) - 1))
    other = sha256(leaves[position]).digest()
    proof = merkle.Proofs(leaves).of(position)
    assert climbed(other, position, len(leaves), proof) != by_definition(leaves)


def test_a_leaf_is_hashed_apart_from_a_node() -> None:
    digest = sha256(b"row").digest()
    assert merkle.leaf_of("incidents_timelineevent", 7, digest) == (
        sha256(b"\x00incidents_timelineevent:7:" + digest).digest()
    )
