"""Logs: a JSON line for what changed, failed or dragged, and no secret in any of them."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import text

from app.logs import configure_logs, redact
from app.main import create_app
from app.settings import Settings
from tests.manners import SIGN_UP
from tests.world import PASSWORD, Caller, world_of

HIDDEN = "[hidden]"
STORE = "http://store.example/filmmart/screeners/1"
SIGNED_URL = (
    f"{STORE}?partNumber=1&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA123%2F20261120"
    "&X-Amz-Signature=5f2b8c1d9e3a7746"
)
REDACTED_URL = (
    f"{STORE}?partNumber=1&X-Amz-Algorithm={HIDDEN}&X-Amz-Credential={HIDDEN}"
    f"&X-Amz-Signature={HIDDEN}"
)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


async def test_what_changes_or_fails_is_logged_and_what_is_read_is_not(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async with world_of(create_app(settings)) as world:
        capsys.readouterr()
        signed_up = await world.anonymous.post("/organisations", SIGN_UP)
        seller = await world.seller()
        await seller.get("/me")
        await world.anonymous.get("/me", headers={"X-Request-ID": "a-request-of-mine"})
        await world.http.get("/healthz")
        logged = lines(capsys)
    assert [line["event"] for line in logged] == ["request", "request"]
    assert logged[0]["request_id"] == signed_up.headers["X-Request-ID"]
    assert logged[1]["request_id"] == "a-request-of-mine"
    for line, method, path, operation, status in zip(
        logged,
        ("POST", "GET"),
        ("/v1/organisations", "/v1/me"),
        ("create_organisation", "get_me"),
        (201, 401),
        strict=True,
    ):
        assert (line["method"], line["path"]) == (method, path)
        assert (line["operation"], line["status"]) == (operation, status)
        assert line["level"] == "info"
        assert line["milliseconds"] >= 0
        assert line["timestamp"].endswith("Z")


async def test_no_secret_of_a_request_is_logged(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async with world_of(create_app(settings)) as world:
        seller = await world.seller()
        form = {"username": seller.email, "password": PASSWORD}
        tokens = (await world.anonymous.post("/oauth/token", data=form)).json()
        signed_in = Caller(world.http, tokens["access_token"])
        people = f"/organisations/{seller.organisation_id}/people"
        invited = await signed_in.post(people, {"email": "new@company.example"})
        await world.anonymous.post("/oauth/revoke", data={"token": tokens["refresh_token"]})
        await signed_in.get("/nothing", params={"token": tokens["access_token"]})
        secrets = [
            PASSWORD,
            tokens["access_token"],
            tokens["refresh_token"],
            invited.json()["token"],
            settings.secret_key.get_secret_value(),
            settings.s3_secret_access_key.get_secret_value(),
        ]
    out, err = capsys.readouterr()
    assert out
    for secret in secrets:
        assert secret not in out + err


async def test_a_failed_statement_is_logged_without_what_was_sent_with_it(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(settings)
    async with world_of(app) as world:
        await world.anonymous.post("/organisations", SIGN_UP)
        async with app.state.database.session() as session, session.begin():
            await session.execute(text("ALTER TABLE people RENAME COLUMN password_hash TO x"))
        capsys.readouterr()
        body = {**SIGN_UP, "person": {**SIGN_UP["person"], "email": "a.secret@company.example"}}
        answer = await world.anonymous.post("/organisations", body)
        assert answer.status_code == 500
    out, _ = capsys.readouterr()
    assert "UndefinedColumn" in out
    assert "a.secret@company.example" not in out
    assert "argon2" not in out


@pytest.mark.parametrize(
    ("value", "logged"),
    [
        (SIGNED_URL, REDACTED_URL),
        (
            "https://a.example/?refresh_token=abc&x=1",
            "https://a.example/?refresh_token=[hidden]&x=1",
        ),
        (
            "GET /v1/agenda.ics?token=J2v0yVwz4o3pJm1iQk7y HTTP/1.1",
            "GET /v1/agenda.ics?token=[hidden] HTTP/1.1",
        ),
        ("Authorization: Bearer eyJh.eyJz.c2ln", "Authorization: Bearer [hidden]"),
        ("postgresql://filmmart:s3cret@db/filmmart", "postgresql://filmmart:[hidden]@db/filmmart"),
        ({"password": "x", "user": "y"}, {"password": "[hidden]", "user": "y"}),
        ({"headers": {"Authorization": "Basic x"}}, {"headers": {"Authorization": "[hidden]"}}),
        (
            [{"s3_secret_access_key": "x"}, ("Bearer abc",)],
            [{"s3_secret_access_key": "[hidden]"}, ["Bearer [hidden]"]],
        ),
        (
            {"idempotency_key": "k", "id": 7, "none": None},
            {"idempotency_key": "k", "id": 7, "none": None},
        ),
        ("the token of the realm", "the token of the realm"),
    ],
)
def test_secrets_and_signed_urls_are_taken_out_wherever_they_stand(value: Any, logged: Any) -> None:
    assert redact(value) == logged


def test_lines_of_libraries_are_json_too_and_as_discreet(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(settings)
    logging.getLogger("urllib3").warning("Retrying %s", SIGNED_URL)
    logging.getLogger("some.library").info("chatter")
    logging.getLogger("uvicorn.error").info("Application startup complete.")
    structlog.get_logger("app.test").info("mine", api_key="abc", url=SIGNED_URL)
    try:
        Path(SIGNED_URL).read_text()
    except OSError:
        logging.getLogger("app.test").exception("failed")
    logged = lines(capsys)
    assert [line["logger"] for line in logged] == [
        "urllib3",
        "uvicorn.error",
        "app.test",
        "app.test",
    ]
    assert "5f2b8c1d9e3a7746" not in json.dumps(logged)
    assert "Traceback" in logged[3]["exception"]
    assert logged[2]["api_key"] == "[hidden]"


def test_a_line_of_one_s_own_words_stays_one_line(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(settings)
    structlog.get_logger("app.test").info("seen", path='/a\n{"event": "forged"}\r\x1b[31m')
    (line,) = lines(capsys)
    assert line["event"] == "seen"


def test_people_read_text(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Settings.model_validate({**settings.model_dump(), "log_json": False}))
    structlog.get_logger("app.test").info("seen", path="/v1/me", token="abc")
    out = capsys.readouterr().out
    assert "seen" in out
    assert "/v1/me" in out
    assert "abc" not in out
