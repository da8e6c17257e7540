"""What the client asks of a market's API: signed in, repeated while it fails in passing."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import anyio
import httpx2

from app.uploading.retrying import Patience, persistently

Document = dict[str, Any]
PAGE = 100


class Refused(Exception):  # noqa: N818  # an answer
    """The market said no, and why."""

    def __init__(self, answer: httpx2.Response) -> None:
        """Take the problem document, where it is one."""
        try:
            self.problem: Document = answer.json()
        except ValueError:
            self.problem = {}
        self.status = answer.status_code
        self.code = str(self.problem.get("code", ""))
        errors = [f"{e.get('pointer', '')} {e['detail']}" for e in self.problem.get("errors", [])]
        said = self.problem.get("detail") or f"The market answered {answer.status_code}."
        super().__init__(" ".join([said, *errors]).strip())


@dataclass
class Account:
    """Who uploads: a token, or what to get tokens with for as long as it takes."""

    token: str = ""
    email: str = ""
    password: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)

    def grants(self) -> list[dict[str, str]]:
        """Give what a new token may be had for, the best first."""
        refresh = {"grant_type": "refresh_token", "refresh_token": self.refresh_token}
        sign_in = {"grant_type": "password", "username": self.email, "password": self.password}
        return [refresh] * bool(self.refresh_token) + [sign_in] * bool(self.email)


class Market:
    """A market's API."""

    def __init__(self, http: httpx2.AsyncClient, account: Account, patience: Patience) -> None:
        """Take a client whose base URL is the market's."""
        self._http = http
        self._account = account
        self._patience = patience
        self._signing_in = anyio.Lock()

    async def start(self, title_id: str, wanted: Document) -> Document:
        """Start an upload, once however often the line breaks."""
        key = {"Idempotency-Key": str(uuid.uuid4())}
        return await self._ask("POST", f"/v1/titles/{title_id}/screeners", wanted, key)

    async def screeners(self, title_id: str) -> AsyncIterator[Document]:
        """Give a title's screeners, newest first."""
        cursor: str | None = ""
        while cursor is not None:
            query = f"?limit={PAGE}" + (f"&cursor={cursor}" if cursor else "")
            page = await self._ask("GET", f"/v1/titles/{title_id}/screeners{query}")
            for screener in page["items"]:
                yield screener
            cursor = page["next_cursor"]

    async def screener(self, id_: str) -> Document:
        """Give a screener as it is now."""
        return await self._ask("GET", f"/v1/screeners/{id_}")

    async def upload(self, id_: str) -> Document:
        """Tell how a file is cut, and which parts arrived."""
        return await self._ask("GET", f"/v1/screeners/{id_}/upload")

    async def part_urls(self, id_: str, parts: list[Document]) -> list[Document]:
        """Have URLs signed, in the order of the parts."""
        answer = await self._ask("POST", f"/v1/screeners/{id_}/part-urls", {"parts": parts})
        urls: list[Document] = answer["parts"]
        return urls

    async def complete(self, id_: str, md5s: dict[int, str]) -> Document:
        """State what was sent."""
        parts = [{"number": number, "md5": md5} for number, md5 in sorted(md5s.items())]
        return await self._ask("POST", f"/v1/screeners/{id_}/complete", {"parts": parts})

    async def withdraw(self, id_: str) -> None:
        """Give an upload up."""
        await self._ask("DELETE", f"/v1/screeners/{id_}")

    async def _ask(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Document:
        """Ask, signed in; where the token ran out, with the next one."""
        token = await self._token()
        answer = await self._send(method, path, body, headers, token)
        if answer.status_code == HTTPStatus.UNAUTHORIZED and self._account.grants():
            token = await self._token(spent=token)
            answer = await self._send(method, path, body, headers, token)
        if answer.is_error:
            raise Refused(answer)
        found: Document = answer.json() if answer.content else {}
        return found

    async def _send(
        self, method: str, path: str, body: object, headers: dict[str, str] | None, token: str
    ) -> httpx2.Response:
        signed = {"Authorization": f"Bearer {token}", **(headers or {})}
        return await persistently(
            lambda: self._http.request(method, path, json=body, headers=signed), self._patience
        )

    async def _token(self, spent: str | None = None) -> str:
        """Give a token, a new one instead of a spent one; only one of many askers gets it."""
        async with self._signing_in:
            account = self._account
            if account.token and account.token != spent:
                return account.token
            refusal: Refused | None = None
            for grant in account.grants():
                answer = await persistently(
                    lambda grant=grant: self._http.post("/v1/oauth/token", data=grant),  # type: ignore[misc]
                    self._patience,
                )
                if answer.is_success:
                    account.token = answer.json()["access_token"]
                    account.refresh_token = answer.json()["refresh_token"]
                    return account.token
                account.refresh_token = ""  # good once
                refusal = Refused(answer)
            raise refusal or ValueError("neither a token nor an e-mail address was given")
