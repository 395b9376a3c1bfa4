"""Run `wallet-api` as `python -m wallet_api`, where only the requirements are installed."""

import sys

from wallet_api.process_protection import prepare


def main() -> None:
    """Run the command that the command line names."""
    prepare()
    try:
        from wallet_api.cli import main as run  # noqa: PLC0415 (it takes most of a second)
    except KeyboardInterrupt:
        sys.exit(130)
    except ImportError as error:
        reason = " ".join(str(error).split())
        sys.exit(
            f"Error: wallet-api is not installed completely: {reason}. Install requirements.txt."
        )
    run()


if __name__ == "__main__":
    main()
