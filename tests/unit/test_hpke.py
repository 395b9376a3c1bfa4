"""HPKE encryption for a recipient: other libraries decrypt it, and invalid keys are refused."""

import base64
import hashlib
import hmac

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, KEMKey, OpenError

from wallet_api.crypto import hpke
from wallet_api.crypto.secret import Secret
from wallet_api.errors import InvalidRecipientKey

PYHPKE = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES256_GCM)
PLAINTEXT = bytes(range(32))
INFO = b"wallet-api/key/v1|1|ethereum|0x24e08CE165170235Ff6E27529b73f9933bCD74E2"
AES_128_GCM, AES_256_GCM = 1, 2


def base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def public(key):
    return key.public_key().public_bytes_raw()


def extract(suite, salt, label, material):
    return hmac.digest(salt, b"HPKE-v1" + suite + label + material, hashlib.sha256)


def expand(suite, secret, label, info, size):
    labeled = size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return HKDFExpand(hashes.SHA256(), size, labeled).derive(secret)


def key_and_nonce(key, enc, info, aead):
    """Schedule the recipient's key by hand: RFC 9180, sections 4.1 and 5.1, base mode."""
    dh = key.exchange(X25519PublicKey.from_public_bytes(enc))
    kem = b"KEM" + bytes([0, 0x20])
    shared = expand(kem, extract(kem, b"", b"eae_prk", dh), b"shared_secret", enc + public(key), 32)
    suite = b"HPKE" + bytes([0, 0x20, 0, 1, 0, aead])
    context = b"\0" + extract(suite, b"", b"psk_id_hash", b"")
    context += extract(suite, b"", b"info_hash", info)
    secret = extract(suite, shared, b"secret", b"")
    size = 16 if aead == AES_128_GCM else 32
    return (
        expand(suite, secret, b"key", context, size),
        expand(suite, secret, b"base_nonce", context, 12),
    )


def test_a_key_schedule_by_hand_equals_the_rfc():
    # RFC 9180, appendix A.1.1: the same KEM and KDF with AES-128-GCM.
    key = X25519PrivateKey.from_private_bytes(
        bytes.fromhex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8")
    )
    enc = bytes.fromhex("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431")
    secret, nonce = key_and_nonce(key, enc, b"Ode on a Grecian Urn", AES_128_GCM)
    assert secret.hex() == "4531685d41d65f03dc48f6b8302c05b0"
    assert nonce.hex() == "56d890e5accaaf011cff4b7d"
    ciphertext = bytes.fromhex(
        "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"
    )
    opened = AESGCM(secret).decrypt(nonce, ciphertext, b"Count-0")
    assert opened == b"Beauty is truth, truth beauty"


def test_an_encryption_is_decrypted_by_hand_as_in_the_rfc():
    key = X25519PrivateKey.generate()
    sealed = hpke.Recipient(base64url(public(key))).encrypt(Secret(PLAINTEXT), info=INFO)
    assert (len(sealed.enc), len(sealed.ciphertext)) == (32, 32 + 16)
    secret, nonce = key_and_nonce(key, sealed.enc, INFO, AES_256_GCM)
    assert AESGCM(secret).decrypt(nonce, sealed.ciphertext, b"") == PLAINTEXT
    for changed in (b"", INFO[:-1], INFO + b"\0"):
        secret, nonce = key_and_nonce(key, sealed.enc, changed, AES_256_GCM)
        with pytest.raises(InvalidTag):
            AESGCM(secret).decrypt(nonce, sealed.ciphertext, b"")


def test_the_suite_that_is_named_is_the_suite_that_is_used():
    assert hpke.SUITE == "DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM"


@settings(deadline=None, max_examples=50)
@given(plaintext=st.binary(max_size=64), info=st.binary(max_size=200))
def test_another_implementation_decrypts_and_encrypts_compatibly(plaintext, info):
    key = X25519PrivateKey.generate()
    theirs = KEMKey.from_pyca_cryptography_key(key)
    sealed = hpke.Recipient(base64url(public(key))).encrypt(Secret(plaintext), info=info)
    context = PYHPKE.create_recipient_context(sealed.enc, theirs, info=info)
    assert context.open(sealed.ciphertext) == plaintext
    other = PYHPKE.create_recipient_context(sealed.enc, theirs, info=info + b"x")
    with pytest.raises(OpenError):
        other.open(sealed.ciphertext)
    enc, sender = PYHPKE.create_sender_context(
        KEMKey.from_pyca_cryptography_key(key.public_key()), info=info
    )
    assert hpke._SUITE.decrypt(enc + sender.seal(plaintext), key, info) == plaintext


def test_two_encryptions_have_nothing_in_common():
    recipient = hpke.Recipient(base64url(public(X25519PrivateKey.generate())))
    sealed = [recipient.encrypt(Secret(PLAINTEXT), info=INFO) for _ in range(20)]
    assert len({one.enc for one in sealed}) == len({one.ciphertext for one in sealed}) == 20


def test_a_public_key_is_returned_in_its_canonical_form():
    # Four spellings of the same bytes: the last character carries two bits that say nothing.
    raw = public(X25519PrivateKey.from_private_bytes(PLAINTEXT))
    text = base64url(raw)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    first = alphabet.index(text[-1])
    assert first % 4 == 0
    for spelling in (text[:-1] + alphabet[first + extra] for extra in range(4)):
        assert hpke.Recipient(spelling).public_key == text


P = 2**255 - 19
# Of order 1, 2, 4 and 8 (https://cr.yp.to/ecdh.html#validate), each also with the unused top bit.
SMALL_ORDER = (
    0,
    1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
    P - 1,
    P,
    P + 1,
)


@pytest.mark.parametrize("top_bit", [0, 2**255])
@pytest.mark.parametrize("point", SMALL_ORDER)
def test_a_point_of_small_order_is_refused(point, top_bit):
    with pytest.raises(InvalidRecipientKey):
        hpke.Recipient(base64url((point + top_bit).to_bytes(32, "little")))


@pytest.mark.parametrize(
    "text",
    [
        *("", "=", "A", "A" * 42, "A" * 44, "A" * 46 + "B", "CQ" * 300, "\u0661" * 43, "\ud800"),
        *("CQ" * 21 + "A=", "CQ" * 21 + "A==", "CQ" * 21 + "A\n", " " + "CQ" * 21, "CQ" * 21 + "."),
        *(bytes(range(1, 33)).hex(), "CQ" * 10 + "\n" + "CQ" * 11, "CQ" * 21 + "\x00"),
    ],
    ids=ascii,
)
def test_a_key_that_is_not_32_bytes_in_base64url_is_refused(text):
    with pytest.raises(InvalidRecipientKey) as refusal:
        hpke.Recipient(text)
    assert text == "" or text not in str(refusal.value)


def test_the_info_names_the_wallet():
    info = hpke.key_info(fid=1, chain="ethereum", address=INFO[-42:].decode())
    assert info == INFO
