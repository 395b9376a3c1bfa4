"""GET /api/wallet/payment-qr: a deposit as a code for cameras, and what a camera reads."""

import re
from xml.etree import ElementTree

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from tests.database import rows_of
from tests.factories import ACCESS, FID, signed_in
from tests.http.problems import refused

PATH = "/api/wallet/payment-qr"
SVG = "{http://www.w3.org/2000/svg}"
MAX_UINT256 = 2**256 - 1


def get_qr(client, **query):
    return client.get(PATH, query_string=query, headers=signed_in())


def scan_qr(svg):
    """Paint the drawing as a browser would, dark on light, and read it as a camera would."""
    root = ElementTree.fromstring(svg)  # noqa: S314
    light, dark = root.findall(f"{SVG}path")
    size = int(root.get("viewBox").split()[3])
    assert (light.get("fill"), light.get("d")) == ("#fff", f"M0 0h{size}v{size}h-{size}z")
    image = Image.new("L", (size, size), 255)
    pen = ImageDraw.Draw(image)
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", dark.get("d")):
        step = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        if command == "h":
            pen.line((x, y - 0.5, x + step[0] - 1, y - 0.5), fill=0)
            x += step[0]
        else:
            x, y = (step[0], step[1]) if command == "M" else (x + step[0], y + step[1])
    (code,) = zxingcpp.read_barcodes(image.resize((size * 4, size * 4), Image.Resampling.NEAREST))
    return code.text


@pytest.mark.parametrize("network", ["base-mainnet", "base-testnet"])
@pytest.mark.parametrize(("asset", "amount"), [("USDC", "20"), ("ETH", ".5")])
def test_a_camera_reads_the_payment_of_the_deposit(make_app, network, asset, amount):
    client = make_app(NETWORK=network).test_client()
    body = {"asset": asset, "amount": amount, "baseAddress": f"0x{1:040x}"}
    prepared = client.post("/api/wallet/deposit", json=body, headers=signed_in()).get_json()
    answer = get_qr(client, asset=asset, amount=amount)
    assert answer.status_code == 200
    assert answer.mimetype == "image/svg+xml"
    assert scan_qr(answer.data) == prepared["paymentUri"]
    assert prepared["depositAddress"] in prepared["paymentUri"]


def test_the_largest_amount_fits_into_a_code(client, services):
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    amount = f"{MAX_UINT256 // 10**6}.{MAX_UINT256 % 10**6:06}"
    assert scan_qr(get_qr(client, amount=amount).data).endswith(f"&uint256={MAX_UINT256}")


def test_the_image_complies_with_a_strict_content_security_policy(client, services):
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    root = ElementTree.fromstring(get_qr(client, amount="20").data)  # noqa: S314
    names = {element.tag.removeprefix(SVG) for element in root.iter()}
    attributes = {name for element in root.iter() for name in element.attrib}
    assert names == {"svg", "path"}
    assert attributes == {"viewBox", "d", "fill", "stroke"}


def test_a_user_without_a_wallet_gets_no_code_and_no_wallet(client, sql):
    before = rows_of(sql)
    refused(get_qr(client, amount="20"), 404, "This user has no such wallet.")
    assert rows_of(sql) == before


def test_nothing_is_recorded(client, services, sql):
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    before = rows_of(sql)
    assert get_qr(client, amount="20").status_code == 200
    assert rows_of(sql) == before


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "invalid_request"),
        ({"amount": "0"}, "amount_not_positive"),
        ({"amount": "1e3"}, "invalid_amount"),
        ({"amount": "1.1234567"}, "invalid_amount"),
        ({"amount": "20", "asset": "usdc"}, "unsupported_asset"),
        ({"amount": "20", "address": f"0x{1:040x}"}, "invalid_request"),
        ({"amount": ["20", "21"]}, "invalid_request"),
    ],
)
def test_an_invalid_deposit_is_refused(refusing, query, code):
    assert refused(get_qr(refusing, **query), 400)["code"] == code


def test_a_wallet_that_does_not_decrypt_has_no_code(client, services, sql):
    services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    sql.execute("set session_replication_role = replica")
    sql.execute("update wallets set encrypted_private_key = reverse(encrypted_private_key)")
    refused(get_qr(client, amount="20"), 503)
