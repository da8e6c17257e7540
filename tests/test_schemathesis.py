"""Thousands of requests made from the OpenAPI, right ones and wrong ones, by every kind of caller.

schemathesis runs as a program of its own against `filmmart serve`, with all its checks and one of
ours, on a market that holds one of everything (scene.py). It makes the same requests each time,
but for ids; what it must know of the API is in schemathesis.toml.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from app.main import create_app
from app.settings import Settings
from tests.markets import DAYS
from tests.meetings import at
from tests.scene import Scene, build_scene
from tests.servers import S3Settings, make_settings
from tests.serving import served
from tests.world import Caller, world_of

pytestmark = pytest.mark.schemathesis

HERE = Path(__file__).parent
PROGRAM = Path(sys.executable).parent / "schemathesis"


@dataclass(frozen=True)
class Run:
    """How a kind of caller is tried: which phases, how many made-up requests an operation."""

    phases: str
    examples: int
    # Cases: all runs together make 5,000 at the very least.
    fewest: int


# The coverage phase tries every bound of every schema. It is the longest, and what it finds does
# not depend on who asks: once, by who may do most, is enough.
WHOLE = "examples,coverage,fuzzing,stateful"
SHORT = "examples,fuzzing,stateful"
RUNS = {
    "anonymous": Run(SHORT, examples=5, fewest=300),
    "buyer": Run(SHORT, examples=12, fewest=600),
    "organiser": Run(SHORT, examples=12, fewest=600),
    "seller": Run(WHOLE, examples=12, fewest=3500),
}


def pools(caller: Caller, scene: Scene) -> dict[str, list[str]]:
    """Name what each parameter may well be, beside what is made up: so that requests get far."""
    ids = scene.ids
    others = [ids["organisation"], ids["rival"], ids["other buyer"], ids["pending"]]
    organisations = [caller.organisation_id or ids["organisation"]] * 4 + others
    titles = [ids["title"], ids["draft"], ids["asked title"], ids["unasked title"]]
    languages = ["en", "ru", "zh-Hans"]
    countries, zones = ["KZ", "CN", "IR"], ["Asia/Almaty", "UTC"]
    return {
        "path.organisation_id": organisations,
        "path.person_id": [ids["colleague"]],
        "path.title_id": titles,
        "path.screener_id": [ids["screener"], ids["upload"], ids["administered"]],
        "path.client_id": [ids["client"]],
        "path.secret_id": [ids["secret"]],
        "path.grant_id": [ids["grant"], ids["administered grant"]],
        "path.request_id": [
            ids["screener request"],
            ids["administered request"],
            ids["meeting request"],
            ids["accepted request"],
        ],
        "path.feed_id": [ids["calendar feed"]],
        "path.meeting_id": [ids["meeting"], ids["begun meeting"], ids["meeting at a market"]],
        "path.holding_id": [ids["holding"]],
        "path.offering_id": [ids["offering"], ids["named offering"]],
        "path.licence_id": [ids["licence"], ids["outside licence"]],
        "path.viewing_id": [ids["watched"], ids["administered viewing"]],
        "path.name": [ids["rendition"]],
        "path.number": [ids["first"]],
        "query.token": [ids["watched token"], ids["administered token"]],
        "path.run_id": [ids["schedule run"]],
        "path.market_id": [ids["market"], ids["draft market"], ids["busy market"]],
        "path.hall_id": [ids["hall"], ids["empty hall"], ids["hidden hall"]],
        "path.place_id": [ids["place"], ids["hidden place"]],
        "path.accreditation_id": [ids["accreditation"]],
        "path.language": languages,
        "query.seller_id": organisations,
        "body.organisation_id": others,
        "body.to_organisation_id": others,
        "body.to_person_id": [ids["colleague"]],
        "body.title_id": titles,
        "body.title_ids[*]": titles,
        "body.token": [ids["invitation token"], ids["link token"]],
        "body.screener_id": [ids["screener"], ids["administered"]],
        "body.person_id": [ids["colleague"], caller.person_id or ids["colleague"]],
        "body.hall_id": [ids["hall"], ids["empty hall"]],
        "body.places[*].hall_id": [ids["hall"]],
        "body.place_id": [ids["busy place"], ids["place"]],
        "body.seller_id": [ids["seller"]],
        "body.walks[*].hall_ids[*]": [ids["hall"], ids["empty hall"]],
        "body.starts_on": [DAYS[0]],
        "body.ends_on": [DAYS[-1]],
        "body.days[*].day": list(DAYS),
        "body.days[*].opens": ["09:00"],
        "body.days[*].closes": ["18:00"],
        "body.days[*].breaks[*].starts": ["12:00"],
        "body.days[*].breaks[*].ends": ["13:00"],
        "query.day": list(DAYS),
        "body.country": countries,
        "body.countries[*]": countries,
        "body.time_zone": zones,
        "body.person.time_zone": zones,
        "body.language": languages,
        "body.person.language": languages,
        "body.original_language": languages,
        "body.audio_language": languages,
        "body.subtitle_language": languages,
        "body.audio_languages[*]": languages,
        "body.subtitle_languages[*]": languages,
        "body.eidr": ["10.5240/7791-8534-2C23-9030-8610-5"],
        "body.isan": ["0000-0001-8CFA-0000-I-0000-0000-K"],
        "body.territories[*]": ["SCO", "KZ", "-CN", "WORLD"],
        "body.media[*]": ["SVOD", "TV", "-FAST", "ALL"],
        "body.languages[*]": ["ALL", "ru", "-kk"],
        "body.term.from": ["2027-01-01", "2028-01-01"],
        "body.term.until": ["2028-12-31", "2029-12-31"],
        "body.holdbacks[*].territories[*]": ["RU"],
        "body.holdbacks[*].media[*]": ["FREE_TV"],
        "body.holdbacks[*].term.from": ["2027-01-01"],
        "body.holdbacks[*].term.until": ["2028-12-31"],
        "body.visible_to[*]": [ids["buyer"], ids["other buyer"]],
        "body.licensee_id": others,
        "body.on": ["2027-06-01"],
        "body.starts_at": [at(5), at(6), f"{DAYS[0]}T07:00:00Z"],
        "body.ends_at": [at(7)],
        "body.proposed_times[*].starts_at": [at(5), at(6)],
        "body.proposed_times[*].ends_at": [at(7)],
    }


def configuration(caller: Caller, scene: Scene) -> str:
    """Write the whole configuration of a run."""
    lines = [(HERE / "schemathesis.toml").read_text()]
    if caller.token:
        lines.append(f'[headers]\nAuthorization = "Bearer {caller.token}"')
    bindings = []
    for number, (parameter, values) in enumerate(pools(caller, scene).items()):
        lines.append(f"[dictionaries.pool{number}]\nvalues = {json.dumps(values)}")
        binding = f'{{ dictionary = "pool{number}", probability = 0.7 }}'
        bindings.append(f"{json.dumps(parameter)} = {binding}")
    return "\n".join([*lines, "[parameters]", *bindings, ""])


async def prepare(settings: Settings) -> Scene:
    """Fill the market."""
    async with world_of(create_app(settings)) as world:
        return await build_scene(world)


@pytest.mark.parametrize("who", RUNS)
def test_whatever_is_asked_is_answered_as_the_openapi_says(
    who: str, database_url: str, s3_settings: S3Settings, tmp_path: Path
) -> None:
    settings = make_settings(database_url, s3_settings, access_token_lifetime=timedelta(hours=2))
    scene = anyio.run(prepare, settings)
    caller, run = scene.callers[who], RUNS[who]
    config, report = tmp_path / "schemathesis.toml", tmp_path / "report.json"
    config.write_text(configuration(caller, scene))
    with served(settings, tmp_path) as api:
        ended = subprocess.run(
            [
                PROGRAM,
                f"--config-file={config}",
                "run",
                f"{api.url}/openapi.json",
                f"--phases={run.phases}",
                f"--max-examples={run.examples}",
                f"--report-json-path={report}",
                "--no-color",
            ],
            cwd=tmp_path,
            env={
                **os.environ,
                "FILMMART_TEST_PERSON_ID": caller.person_id,
                "PYTHONPATH": str(HERE.parent),
            },
            capture_output=True,
            text=True,
            check=False,
        )
    (tmp_path / "schemathesis.txt").write_text(ended.stdout + ended.stderr)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert json.loads(report.read_text())["test_cases"]["generated"] >= run.fewest
    assert "request_failed" not in api.log.read_text()
