"""Decryption of a stored key, verified against the wallet's address."""

from wallet_api import metrics
from wallet_api.crypto import key_pairs as keys
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.errors import KeyUnreadable
from wallet_api.models import TRADING_CHAIN, NewWallet, Wallet


def decrypt_verified(
    encryption: EncryptionService, wallet: Wallet | NewWallet
) -> Secret[bytes] | None:
    """Decrypt a wallet's key (32 bytes) and verify that it derives the wallet's address.

    Return None for a Base Account address, which has no key. Raises KeyUnreadable if the key is
    missing, does not decrypt, or derives another address.
    """
    try:
        return _decrypt_verified(encryption, wallet)
    except KeyUnreadable as error:
        # An unknown secret is a fault of this process, not of the key.
        if error.alarm == error.code:
            metrics.FAILED_DECRYPTIONS.inc()
        raise


def _decrypt_verified(
    encryption: EncryptionService, wallet: Wallet | NewWallet
) -> Secret[bytes] | None:
    if wallet.encrypted_key is None:
        if wallet.chain == TRADING_CHAIN:
            raise KeyUnreadable("The trading wallet has no key.")
        return None
    private_key = encryption.decrypt(
        wallet.encrypted_key, fid=wallet.fid, chain=wallet.chain, address=wallet.address
    )
    # The encryption authenticates the exact spelling of the address.
    if not keys.is_key_of(private_key, wallet.address):
        raise KeyUnreadable("The stored key is the key of another address.")
    return private_key
