"""Promise 5, over the whole run: this test comes last and reads every log that the others wrote."""

from tests.conftest import LEAKS


def test_no_secret_is_in_any_log_line_of_the_whole_run():
    """Private keys, tokens and secrets that any test made, saw or used."""
    lines = 0
    for path in LEAKS.logs:
        if path.exists():
            text = path.read_text(errors="replace")
            lines += text.count("\n")
            found = [number for number, secret in enumerate(LEAKS.secrets) if secret in text]
            assert found == [], f"{path} holds {len(found)} secrets"
    assert lines
    assert len(LEAKS.secrets) >= 3
