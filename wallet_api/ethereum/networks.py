"""The supported EVM networks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Network:
    """An EVM network.

    `chain_id` is that of EIP-155, `usdc` is the address of Circle's contract with its checksum
    (EIP-55), and `explorer` is the URL of a block explorer.
    """

    name: str
    chain_id: int
    usdc: str
    explorer: str


NETWORKS = {
    "base-mainnet": Network(
        name="Base Mainnet",
        chain_id=8453,
        usdc="0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
        explorer="https://basescan.org",
    ),
    "base-testnet": Network(
        name="Base Sepolia Testnet",
        chain_id=84532,
        usdc="0x036CbD53842c5426634e7929541eC2318f3dCF7e",
        explorer="https://sepolia.basescan.org",
    ),
}
"""The values of NETWORK. USDbC on Base (0xd9aA…b6CA) is another asset: never use it."""

NETWORKS_BY_CHAIN_ID = {network.chain_id: network for network in NETWORKS.values()}
