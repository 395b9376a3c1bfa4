"""Reads of the chain, which a node answers."""

import re
from collections import Counter
from collections.abc import Mapping
from threading import Lock

from wallet_api.crypto.secret import Secret
from wallet_api.errors import InvalidRequest
from wallet_api.ethereum.node import TOO_MANY, Node, NodeError, NodeResult

READ_METHODS = (
    "eth_blockNumber",
    "eth_call",
    "eth_estimateGas",
    "eth_feeHistory",
    "eth_gasPrice",
    "eth_getBalance",
    "eth_getBlockByNumber",
    "eth_getCode",
    "eth_getLogs",
    "eth_getTransactionByHash",
    "eth_getTransactionCount",
    "eth_getTransactionReceipt",
    "eth_maxPriorityFeePerGas",
)
"""The methods that are passed on to a node. None of them signs, sends or changes anything."""

SECONDS = 4.0
"""Timeout of all reads of one request together."""
MAX_LOG_BLOCKS = 1000

_BLOCK = re.compile(r"0x[0-9a-fA-F]{1,16}", re.ASCII)


class NodeReadService:
    """Reads of the chain, passed on to the node of the chain.

    At most half of the threads of a process wait for nodes, so that slow ones leave the others to
    sign. If these are more than the nodes, half of them (but always two) may wait for one of
    several nodes, and one is kept for each node that none waits for, so that slow nodes leave the
    others to read. If they are not more, two may wait for one node. Nothing here runs inside a
    database transaction.
    """

    def __init__(self, urls: Mapping[int, Secret[str]], *, threads: int) -> None:
        """`urls` has the URL of each chain's node. The process has `threads` threads."""
        self._half = half = max(1, threads // 2)
        self._keeps_one = half > len(urls)
        share = max(2, half // 2) if self._keeps_one else 2
        self._share = half if len(urls) == 1 else min(half, share)
        self._nodes = {chain_id: Node(url, threads=self._share) for chain_id, url in urls.items()}
        self._lock = Lock()
        self._waiting: Counter[int] = Counter()

    def has_node(self, chain_id: int) -> bool:
        """Return whether there is a node for the chain."""
        return chain_id in self._nodes

    def read(
        self, chain_id: int, method: str, params: list[object], *, until: float
    ) -> NodeResult | NodeError:
        """Return the response of the chain's node to one of READ_METHODS.

        `until` is the deadline (time.monotonic()). Raises InvalidRequest if the parameters are not
        allowed.
        """
        if method == "eth_getLogs":
            _require_bounds(params)
        if not self._may_wait(chain_id):
            return TOO_MANY
        try:
            return self._nodes[chain_id].call(method, params, until=until)
        except (ValueError, RecursionError):
            # `from None`: the message may quote the parameters.
            raise InvalidRequest("params: it cannot be passed on as JSON.") from None
        finally:
            with self._lock:
                self._waiting[chain_id] -= 1

    def _may_wait(self, chain_id: int) -> bool:
        """Count a thread that waits for a node, unless it is kept for another node or request."""
        with self._lock:
            own, free = self._waiting[chain_id], self._half - self._waiting.total()
            # A node that no thread waits for takes the one that was kept for it.
            keeps = own and self._keeps_one
            kept = sum(not self._waiting[other] for other in self._nodes) if keeps else 0
            if own >= self._share or free <= kept:
                return False
            self._waiting[chain_id] += 1
            return True


def _require_bounds(params: list[object]) -> None:
    """Raise InvalidRequest unless the filter of eth_getLogs names addresses and few blocks."""
    (log_filter,) = params if len(params) == 1 else (None,)
    if not isinstance(log_filter, dict):
        raise InvalidRequest("params: eth_getLogs takes one object, the filter.")
    if not log_filter.get("address"):
        raise InvalidRequest("params[0].address: it is required, one address or an array.")
    ends = [log_filter.get(name) for name in ("fromBlock", "toBlock")]
    if log_filter.get("blockHash") is not None and ends == [None, None]:
        return
    # Only the node knows the number of blocks up to "latest".
    if not all(isinstance(end, str) and _BLOCK.fullmatch(end) for end in ends):
        raise InvalidRequest("params[0]: give fromBlock and toBlock as hex numbers, or blockHash.")
    first, last = (int(str(end), 16) for end in ends)
    if last - first >= MAX_LOG_BLOCKS:
        raise InvalidRequest(f"params[0]: ask for at most {MAX_LOG_BLOCKS} blocks at once.")
