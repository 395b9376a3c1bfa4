"""What a policy is assigned to, and the options that name it."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import click

from wallet_api.cli.resources import operator
from wallet_api.errors import PolicyNotFound
from wallet_api.models import MAX_FID, PolicyRow
from wallet_api.services.policies.assignments import PolicyAssignments


@dataclass(frozen=True, slots=True)
class Target:
    """What a policy applies to: the service, a client, or the wallet of a user."""

    service: bool
    client: str | None
    fid: int | None

    @property
    def name(self) -> str:
        """The target in a sentence."""
        if self.client is not None:
            return f"the client {self.client}"
        return "the service" if self.service else f"the wallet of {self.fid}"

    def current(self, assignments: PolicyAssignments) -> PolicyRow | None:
        """Return the policy that applies to it, or None. Raises ClientNotFound."""
        try:
            if self.client is not None:
                return assignments.get_of_client(self.client)
            if self.fid is not None:
                return assignments.get_of_wallet(self.fid).policy
            return assignments.get_of_service().policy
        except PolicyNotFound:
            return None

    def assign(self, assignments: PolicyAssignments, policy_id: UUID | None) -> None:
        """Assign a policy to it, or none."""
        access = operator()
        if self.client is not None:
            assignments.assign_to_client(self.client, policy_id, access=access)
        elif self.fid is None:
            assignments.assign_to_service(policy_id, access=access)
        elif policy_id is None:
            assignments.remove_from_wallet(self.fid, access=access)
        else:
            assignments.assign_to_wallet(self.fid, policy_id, access=access)


def target_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that name a target to a command."""
    for option in (
        click.option("--service", is_flag=True, help="The service: every client and wallet."),
        click.option("--client", metavar="NAME", help="An API client."),
        click.option("--fid", type=click.IntRange(1, MAX_FID), help="The wallet of this user."),
    ):
        command = option(command)
    return command


def read_target(
    service: bool, client: str | None, fid: int | None, policy_id: UUID | None
) -> Target | None:
    """Return the target; None if a policy is named instead. Raises UsageError."""
    if sum((service, client is not None, fid is not None, policy_id is not None)) != 1:
        raise click.UsageError("Give exactly one of --service, --client, --fid and --policy.")
    return None if policy_id is not None else Target(service, client, fid)


policy_option = click.option("--policy", "policy_id", type=click.UUID, help="A policy by its id.")
