"""`make kill-points`: stop and kill an import at random moments, and see that resumed it ends the same.

A population of varied people is exported once. An undisturbed import is the reference; another one, of which
every user goes by the API lane, must end in the same pool, status apart. Ends with status 1 if any import
ended otherwise, or if anybody was sent a message.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from rich.console import Console

from local.deployment import BACKUP, PRIMARY, STATE_DIR, Deployment, deploy_both, deploy_settings
from local.embedded import EmbeddedAws
from local.ending import exit_status
from local.fidelity.filling import PARTNER, App, link
from local.fidelity.interruptions import Interruptions, points
from local.fidelity.observing import Observation
from local.fidelity.run import PARAMETERS
from local.fidelity.same_end import differences
from local.fidelity.tables import await_replica
from local.front_control import FrontControl
from local.narration import Narrator
from local.people import create_pool, create_roles, fill, population
from local.processes import REPOSITORY
from local.workflows import Workflow

WORK_DIR: Final = STATE_DIR / "kill-points"
USERS: Final = 60
GROUPS: Final = 12
MEMBERSHIPS: Final = 120
LINKED: Final = 5


def exported(embedded: EmbeddedAws, narrator: Narrator, seed: int) -> Deployment:
    """Fill a pool, deploy for it, export it, and take its Region away."""
    primary, backup = (deploy_settings(REPOSITORY, each)["region"] for each in (PRIMARY, BACKUP))
    cognito, people = embedded.client("cognito-idp", primary), population(USERS, GROUPS, MEMBERSHIPS, seed)
    with narrator.step("Make, fill and export a pool, and take its Region away") as step:
        pool_id = create_pool(cognito, "people")
        cognito.create_identity_provider(UserPoolId=pool_id, **PARTNER)
        create_roles(embedded.client("iam", primary), people)
        fill(cognito, pool_id, people)
        for person in people.people[:LINKED]:
            link(App(cognito, pool_id, ""), person.username, f"partner-of-{person.username}")
        deployment = deploy_both(embedded, pool_id, overrides=PARAMETERS)
        outputs = deployment.primary.outputs
        names = outputs["ExportWorkflowArn"], outputs["BackupTableName"], "EXPORT"
        run = Workflow(embedded, primary, *names).run({}).succeeded()
        await_replica(embedded, deployment, run)
        FrontControl(embedded.cognito_endpoint_url).set_available(primary, False)
        step.note = f"{USERS} users of {primary}, imported into pools of {backup}"
    return deployment


def by_both_lanes(narrator: Narrator, imports: Interruptions) -> tuple[Observation, int, int]:
    """Import by both lanes and by one, undisturbed; return the end, the way there, and the differences."""
    with narrator.step("Import undisturbed") as step:
        reference, way = imports.undisturbed()
        step.note = f"{len(reference.accounts)} users, {way} calls and invocations"
    with narrator.step("Import undisturbed, by the API lane alone") as step:
        found = differences(reference, imports.undisturbed("api")[0])
        step.note = f"{len(found)} differences"
    for line in found:
        narrator.complain(line)
    return reference, way, len(found)


def run(embedded: EmbeddedAws, narrator: Narrator, count: int, seed: int) -> bool:
    """Go through all points; return whether everything was as it should be."""
    imports = Interruptions(embedded, exported(embedded, narrator, seed))
    imports.prepare()
    reference, way, different = by_both_lanes(narrator, imports)
    for point in points(count, seed):
        with narrator.step(f"Point {point.number} of {count}") as step:
            ending = imports.ending(point, reference, way)
            step.note = f"{ending.told}, {len(ending.problems)} differences"
        for line in ending.problems:
            narrator.complain(line)
        different += len(ending.problems)
    messages = imports.messages()
    narrator.say(f"{count} points, {different} differences, {messages} messages sent")
    return not different and not messages


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make kill-points", description=__doc__)
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(given)


def main(given: Sequence[str]) -> int:
    """Run it all and return the exit status."""
    asked = arguments(given)
    narrator = Narrator(Console())

    def work() -> int:
        with EmbeddedAws(WORK_DIR, seed=asked.seed) as embedded:
            return 0 if run(embedded, narrator, asked.points, asked.seed) else 1

    return exit_status(narrator, work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
