"""The market's main job, over HTTP alone: a seller and a buyer meet over a real title."""

import hashlib
import io
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import av
import httpx2
import imageio_ffmpeg
import pytest
from icalendar import Calendar

from tests.players import Player, watched
from tests.processing import work
from tests.watching import fetched, unlocked
from tests.world import PASSWORD, Caller, World

Json = dict[str, Any]

SUBTITLES = "WEBVTT\n\n00:01.000 --> 00:02.500\nThis is the Zone.\n"
STALKER: Json = {
    "reference": "MF-1979-03",
    "kind": "feature",
    "stage": "completed",
    "original_title": "Сталкер",
    "original_language": "ru",
    "year": 1979,
    "runtime_minutes": 162,
    "countries": ["SU"],
    "audio_languages": ["ru"],
    "subtitle_languages": ["en", "zh"],
    "genres": ["science_fiction", "drama"],
    "credits": [
        {"role": "director", "name": "Андрей Тарковский"},
        {"role": "cast", "name": "Александр Кайдановский", "character": "Сталкер"},
    ],
    "texts": {
        "ru": {"title": "Сталкер"},
        "en": {"title": "Stalker", "logline": "A guide leads two men to a room in the Zone."},
    },
}


async def sign_up(world: World, name: str, country: str, email: str, time_zone: str) -> Json:
    answer = await world.anonymous.post(
        "/organisations",
        {
            "name": name,
            "country": country,
            "person": {
                "email": email,
                "name": f"Somebody of {name}",
                "password": PASSWORD,
                "time_zone": time_zone,
            },
        },
    )
    assert answer.status_code == 201, answer.text
    signed_up: Json = answer.json()
    return signed_up


async def sign_in(world: World, signed_up: Json) -> Caller:
    person = signed_up["person"]
    answer = await world.anonymous.post(
        "/oauth/token", data={"username": person["email"], "password": PASSWORD}
    )
    assert answer.status_code == 200, answer.text
    return Caller(
        world.http,
        answer.json()["access_token"],
        person_id=person["id"],
        organisation_id=person["organisation_id"],
        email=person["email"],
    )


def done(answer: httpx2.Response, status: int = 200) -> Json:
    assert answer.status_code == status, answer.text
    document: Json = answer.json()
    return document


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give a real MP4 that is longer than one part of an upload."""
    path: Path = tmp_path_factory.mktemp("film") / "stalker.mp4"
    source = "testsrc2=size=1280x720:rate=25,noise=alls=100:allf=t"
    encode = ["-c:v", "mpeg4", "-q:v", "1", "-t", "3", "-pix_fmt", "yuv420p"]
    subprocess.run(
        [
            imageio_ffmpeg.get_ffmpeg_exe(),
            *("-v", "error", "-f", "lavfi", "-i", source),
            *encode,
            str(path),
        ],
        check=True,
    )
    return path.read_bytes()


async def test_a_seller_and_a_buyer_meet_over_a_real_title(
    world: World, organiser: Caller, film: bytes
) -> None:
    # Two companies sign up; nothing of the market is theirs to see yet.
    mosfilm = await sign_up(world, "Mosfilm Sales", "RU", "olga@mosfilm.example", "Europe/Moscow")
    tehran = await sign_up(world, "Tehran TV", "IR", "leila@tehrantv.example", "Asia/Tehran")
    seller, buyer = await sign_in(world, mosfilm), await sign_in(world, tehran)
    assert (await buyer.get("/titles")).json()["code"] == "organisation_pending"

    # The organisers let them in; each says what it is.
    for company in (mosfilm, tehran):
        done(await organiser.post(f"/organisations/{company['organisation']['id']}/approve"))
    profile = {"texts": {"en": {"name": "Mosfilm Sales"}}, "kinds": ["feature"]}
    assert (await seller.put(f"/sellers/{seller.organisation_id}", profile)).status_code in {
        200,
        201,
    }
    wish = {"texts": {"en": {"name": "Tehran TV"}}, "kinds": ["feature"], "territories": ["IR"]}
    assert (await buyer.put(f"/buyers/{buyer.organisation_id}", wish)).status_code in {200, 201}

    # The seller lists a title: a draft is theirs alone, until it is published.
    title = done(await seller.post("/titles", STALKER), 201)
    address = f"/titles/{title['id']}"
    assert (await buyer.get(address)).status_code == 404
    named = await seller.put(
        f"{address}/texts/zh", {"title": "潜行者", "logline": "一名向导带领两人进入禁区。"}
    )
    assert named.status_code in {200, 201}, named.text
    done(await seller.post(f"{address}/publish"))

    # Its file goes straight to the store, part by part.
    started = done(
        await seller.post(
            f"{address}/screeners",
            {"file_name": "stalker.mp4", "size_bytes": len(film), "content_type": "video/mp4"},
        ),
        201,
    )
    screener = await upload(seller, started, film)
    screener = await processed(world, seller, screener)

    # The buyer finds it by its Chinese name, in Cyrillic and in Latin, and reads it in Chinese.
    for query in ("潜行者", "сталкер", "stalk", "Тарковский", "tarkovskiy"):
        found = done(await buyer.get("/titles", params={"q": query}))
        assert [item["id"] for item in found["items"]] == [title["id"]], query
    read = await buyer.get(address, headers={"Accept-Language": "zh-CN, en;q=0.5"})
    assert read.json()["title"] == "潜行者"
    assert read.headers["Content-Language"] == "zh"

    # They ask to watch it; the seller grants it, and it plays.
    assert (await buyer.post(f"/screeners/{screener['id']}/playback")).status_code == 404
    wanted = done(
        await buyer.post("/screener-requests", {"title_id": title["id"], "message": "Please."}), 201
    )
    asked = done(await seller.get("/screener-requests", params={"direction": "in"}))
    assert [item["id"] for item in asked["items"]] == [wanted["id"]]
    until = datetime.now(UTC) + timedelta(days=7)
    grant = {"organisation_id": buyer.organisation_id, "expires_at": until.isoformat()}
    done(await seller.post(f"/screeners/{screener['id']}/grants", grant), 201)
    answered = done(await buyer.get("/screener-requests", params={"direction": "out"}))
    assert answered["items"][0]["state"] == "granted"
    await watch(world, seller, buyer, screener)
    await meet(seller, buyer, title)


async def watch(world: World, seller: Caller, buyer: Caller, screener: Json) -> None:
    """Watch the film as a player does: the seller learns who saw how much of it."""
    playback = done(await buyer.post(f"/screeners/{screener['id']}/playback"), 201)
    listed = await fetched(world, playback, "playlist.m3u8")
    assert listed.headers["Content-Type"] == "application/vnd.apple.mpegurl"
    assert "This is the Zone." in (await fetched(world, playback, "subtitles/en.vtt")).text
    for rendition in screener["renditions"]:
        content = await unlocked(world, playback, f"renditions/{rendition['name']}", 0)
        with av.open(io.BytesIO(content), "r") as segment:
            (picture,) = segment.streams.video
            assert (picture.width, picture.height) == (rendition["width"], rendition["height"])
            assert len(list(segment.decode(picture))) == 3 * 25
    player = Player(world, playback["viewing_id"], playback["token"])
    done(await player.say(watched(0, 2), position_ms=2000))
    goes_on = done(await buyer.post(f"/screeners/{screener['id']}/playback"), 200)
    assert goes_on["position_seconds"] == 2
    report = done(await seller.get(f"/titles/{screener['title_id']}/viewing-report"))
    (viewer,) = report["viewers"]
    assert viewer["organisation"]["name"] == "Tehran TV"
    assert (viewer["viewings"], viewer["watched_seconds"]) == (1, 2)


async def meet(seller: Caller, buyer: Caller, title: Json) -> None:
    """Ask for a meeting, accept: both agendas hold it, each in local time."""
    ten_in_tehran = (datetime.now(ZoneInfo("Asia/Tehran")) + timedelta(days=3)).replace(
        hour=10, minute=0, second=0, microsecond=0
    )
    window = {
        "starts_at": ten_in_tehran.isoformat(),
        "ends_at": (ten_in_tehran + timedelta(hours=2)).isoformat(),
    }
    request = done(
        await buyer.post(
            "/meeting-requests",
            {
                "to_organisation_id": seller.organisation_id,
                "title_ids": [title["id"]],
                "message": "Television rights for Iran.",
                "proposed_times": [window],
            },
        ),
        201,
    )
    for person in (seller, buyer):
        assert done(await person.get("/agenda"))["items"] == []
    starts = ten_in_tehran.astimezone(UTC)
    accepted = await seller.post(
        f"/meeting-requests/{request['id']}/accept",
        {
            "starts_at": starts.isoformat(),
            "ends_at": (starts + timedelta(minutes=30)).isoformat(),
        },
    )
    assert done(accepted)["state"] == "scheduled"
    for person in (seller, buyer):
        (entry,) = done(await person.get("/agenda"))["items"]
        assert datetime.fromisoformat(entry["starts_at"]) == starts
        calendar = await person.get("/agenda.ics")
        assert calendar.headers["Content-Type"].startswith("text/calendar")
        (event,) = Calendar.from_ical(calendar.content).walk("VEVENT")
        assert event.decoded("DTSTART").astimezone(UTC) == starts
        assert event.decoded("DTEND").astimezone(UTC) == starts + timedelta(minutes=30)


async def test_what_is_sold_in_kazakhstan_is_gone_there_and_still_free_in_russia(
    seller: Caller, buyer: Caller
) -> None:
    # The seller holds the title for the whole world, and offers it to the SCO for four years.
    title = done(await seller.post("/titles", STALKER), 201)
    address = f"/titles/{title['id']}"
    done(await seller.post(f"{address}/publish"))
    terms = {"from": "2027-01-01", "until": "2030-12-31"}
    held = {
        "territories": ["WORLD"],
        "media": ["ALL"],
        "term": {"from": "2026-01-01", "until": None},
    }
    done(await seller.post(f"{address}/holdings", held), 201)
    offer = {"territories": ["SCO"], "media": ["SVOD", "TV"], "term": terms, "min_days": 30}
    done(await seller.post(f"{address}/offerings", offer), 201)

    two_years = {"from": "2027-01-01", "until": "2028-12-31"}
    market = {f"available_{name}": day for name, day in two_years.items()}
    market |= {"available_media": "SVOD"}

    async def is_free(place: str) -> bool:
        """Ask the title and the market; they must agree."""
        asked = two_years | {"territories": place, "media": "SVOD"}
        told = done(await buyer.get(f"{address}/availability", params=asked))
        listed = done(await buyer.get("/titles", params=market | {"available_in": place}))
        found = [item["id"] for item in listed["items"]]
        assert found == ([title["id"]] if told["is_available"] else [])
        reasons = [part["reason"] for part in told["unavailable"]]
        assert reasons == ([] if found else ["rights_out"])
        return bool(found)

    assert await is_free("KZ")
    assert await is_free("RU")

    # They sell SVOD in Kazakhstan, for good money, to a platform that is not here.
    sale: Json = {"territories": ["KZ"], "media": ["SVOD"], "term": two_years, "exclusive": True}
    sale |= {
        "licensee_name": "Qazaq Stream",
        "fee": {"amount": "12500.00", "currency": "USD"},
    }
    licence = done(await seller.post(f"{address}/licences", sale), 201)
    again = await seller.post(f"{address}/licences", sale | {"licensee_name": "Another"})
    assert (again.status_code, again.json()["code"]) == (409, "already_licensed")
    assert not await is_free("KZ")
    assert await is_free("RU")

    # The picture says so in words, and names nobody.
    asked = two_years | {"territories": ["KZ", "RU"], "media": "SVOD"}
    picture = await buyer.get(f"{address}/availability.svg", params=asked)
    assert "Kazakhstan, SVOD: sold 2027-01-01 to 2028-12-31." in picture.text
    assert "Russia, SVOD: free 2027-01-01 to 2028-12-31." in picture.text
    assert "Qazaq" not in picture.text

    # It comes to nothing; at once Kazakhstan is free again.
    done(await seller.post(f"/licences/{licence['id']}/terminate", {"on": "2027-01-01"}))
    assert await is_free("KZ")
    done(await seller.post(f"{address}/licences", sale | {"licensee_name": "Another"}), 201)
    assert not await is_free("KZ")


async def upload(seller: Caller, started: Json, film: bytes) -> Json:
    """Send a file to the store as its seller's client would, and say that it is all there."""
    md5s = []
    async with httpx2.AsyncClient() as client:
        for part in started["part_urls"]["parts"]:
            begin = (part["number"] - 1) * started["upload"]["part_bytes"]
            content = film[begin : begin + started["upload"]["part_bytes"]]
            sent = await client.put(part["url"], content=content, headers=part["headers"])
            assert sent.status_code == 200, sent.text
            digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
            md5s.append({"number": part["number"], "md5": digest})
    return done(await seller.post(f"/screeners/{started['id']}/complete", {"parts": md5s}))


async def processed(world: World, seller: Caller, screener: Json) -> Json:
    """Have the worker make of a film what can be watched; the seller adds what can be read."""
    assert (screener["state"], screener["processing"]["stage"]) == ("processing", "queued")
    refused = await seller.post(f"/screeners/{screener['id']}/playback")
    assert refused.json()["code"] == "screener_not_ready"

    vtt = {"Content-Type": "text/vtt"}
    said = await seller.request(
        "PUT", f"/screeners/{screener['id']}/subtitles/en", content=SUBTITLES, headers=vtt
    )
    done(said, 201)
    await work(world)
    ready = done(await seller.get(f"/screeners/{screener['id']}"))
    assert ready["state"] == "ready", ready
    assert (ready["duration_seconds"], ready["subtitles"]) == (3, ["en"])
    assert [each["name"] for each in ready["renditions"]] == ["360p", "480p", "720p"]
    return ready
