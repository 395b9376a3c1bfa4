"""How many reads wait for nodes at once, for each number of nodes and threads."""

from itertools import product

import pytest

from wallet_api.crypto.secret import Secret
from wallet_api.services.node_reads import NodeReadService


def reads(nodes, threads):
    """Make the service. No node is called."""
    urls = {chain: Secret(f"http://127.0.0.1:9/{chain}") for chain in range(nodes)}
    return NodeReadService(urls, threads=threads)


def fill(service, chain):
    """Read a chain whose node does not answer, until a read is refused; return the number."""
    count = 0
    while service._may_wait(chain):
        count += 1
    return count


@pytest.mark.parametrize(
    ("nodes", "threads", "expected"),
    [
        (1, 1, 1), (1, 2, 1), (1, 4, 2), (1, 8, 4), (1, 32, 16),
        (2, 2, 1), (2, 4, 2), (2, 8, 2), (2, 16, 4), (2, 32, 8),
        (3, 8, 2), (4, 8, 2), (5, 8, 2), (5, 12, 2), (5, 14, 3),
        (8, 16, 2), (8, 18, 2), (8, 32, 8), (16, 32, 2),
    ],
)  # fmt: skip
def test_an_idle_process_passes_on_this_many_reads_of_one_chain(nodes, threads, expected):
    assert fill(reads(nodes, threads), 0) == expected


ALL = list(product(range(1, 17), range(1, 33)))


def test_one_chain_gets_two_reads_and_never_fewer_with_more_threads():
    for nodes in range(1, 17):
        alone = [fill(reads(nodes, threads), 0) for threads in range(1, 33)]
        assert alone == sorted(alone), nodes
        assert min(alone[3:]) >= 2, nodes


def test_nodes_that_do_not_answer_leave_half_of_the_threads():
    for nodes, threads in ALL:
        service = reads(nodes, threads)
        waiting = sum(fill(service, chain) for chain in range(nodes))
        assert 1 <= waiting <= max(1, threads // 2), (nodes, threads)


def test_nodes_that_do_not_answer_leave_a_thread_for_each_other_node_if_there_are_enough():
    for nodes, threads in ALL:
        if threads // 2 <= nodes:
            continue
        for silent in range(1, nodes):
            service = reads(nodes, threads)
            for chain in range(silent):
                assert fill(service, chain) >= 1
            # All others are read at once.
            others = [service._may_wait(chain) for chain in range(silent, nodes)]
            assert all(others), (nodes, threads, silent)


def test_with_fewer_threads_a_second_read_does_not_depend_on_other_nodes():
    service = reads(5, 8)
    assert service._may_wait(1)
    assert fill(service, 0) == 2
