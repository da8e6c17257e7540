"""The market as a partner's program sees it: signing in, bringing titles in, taking them out."""

import hashlib
import json
import os
import time
from collections.abc import Generator, Iterator
from typing import Any, TypeVar

import httpx
from filmmart_client import AuthenticatedClient, Client
from filmmart_client.api.accounts import create_token
from filmmart_client.api.imports_and_exports import (
    create_export,
    create_import,
    create_import_upload,
    get_export_file,
    get_import_report,
)
from filmmart_client.api.operations import get_operation
from filmmart_client.api.titles import list_titles
from filmmart_client.models import (
    ExportIn,
    ExportOf,
    FileFormat,
    FileOut,
    ImportIn,
    ImportOf,
    ImportUploadIn,
    ImportUploadOut,
    ItemPageTitleItem,
    OperationOut,
    OperationState,
    Problem,
    TitleItem,
    TitleOut,
    TitlesWanted,
    TokenForm,
    TokenOut,
)
from filmmart_client.types import UNSET, Unset

Json = dict[str, Any]
T = TypeVar("T")
UNAUTHORIZED = 401


class Refused(Exception):  # noqa: N818  # it is what the market says
    """The market says no."""


def needed(answer: object, kind: type[T]) -> T:
    """Give an answer that is as it should be.

    Raises:
        Refused: it is a problem, or nothing that the description knows.
    """
    if isinstance(answer, kind):
        return answer
    raise Refused(f"{answer.code}: {answer.detail}" if isinstance(answer, Problem) else answer)


def connect(url: str) -> tuple[AuthenticatedClient, "ClientCredentials"]:
    """Give the generated client, with what signs its requests; feeds are waited for 20 seconds."""
    auth = ClientCredentials(url)
    api = AuthenticatedClient(url, "", timeout=httpx.Timeout(60), httpx_args={"auth": auth})
    return api, auth


class ClientCredentials(httpx.Auth):
    """Signs requests with an access token; when that is good no more, asks for the next one."""

    def __init__(self, url: str) -> None:
        """Have no token yet."""
        self.tokens = 0
        self._anonymous = Client(url)
        self._token: str | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send a request, again with a new token where the one of before has expired."""
        for _ in range(5):
            self._token = self._token or self._next_token()
            request.headers["Authorization"] = f"Bearer {self._token}"
            answer = yield request
            if answer.status_code != UNAUTHORIZED:
                return
            self._token = None

    def _next_token(self) -> str:
        form = TokenForm(
            grant_type="client_credentials",
            client_id=os.environ["FILMMART_CLIENT_ID"],
            client_secret=os.environ["FILMMART_CLIENT_SECRET"],
        )
        self.tokens += 1
        answer = create_token.sync(client=self._anonymous, body=form)
        return needed(answer, TokenOut).access_token


def ended(api: AuthenticatedClient, operation: OperationOut) -> OperationOut:
    """Wait until long work has ended well."""
    while operation.ended_at is None:
        time.sleep(0.25)
        operation = needed(get_operation.sync(operation.id, client=api), OperationOut)
    if operation.state is not OperationState.SUCCEEDED:
        raise Refused(f"{operation.kind} {operation.state}: {operation.problem}")
    return operation


def lines_of(file: FileOut) -> Iterator[Json]:
    """Fetch a file from the store, line by line; its URL is its own leave to read it."""
    answer = httpx.get(file.url, timeout=60).raise_for_status()
    yield from map(json.loads, answer.content.splitlines())


def bring_in(api: AuthenticatedClient, catalogue: bytes) -> list[Json]:
    """Import titles and publish them; give the report of what became of each.

    The same again changes nothing: titles are known by their references.
    """
    md5 = hashlib.md5(catalogue, usedforsecurity=False).hexdigest()
    sized = ImportUploadIn(format_=FileFormat.NDJSON, size_bytes=len(catalogue), md5=md5)
    upload = needed(create_import_upload.sync(client=api, body=sized), ImportUploadOut)
    headers = upload.headers.additional_properties
    httpx.put(upload.url, content=catalogue, headers=headers, timeout=60).raise_for_status()
    wanted = ImportIn(of=ImportOf.TITLES, file_id=upload.file_id, publish=True)
    operation = ended(api, needed(create_import.sync(client=api, body=wanted), OperationOut))
    file = needed(get_import_report.sync(operation.id, client=api), FileOut)
    report = list(lines_of(file))
    if refused := [line for line in report if line["outcome"] == "refused"]:
        raise Refused(refused)
    return report


def taken_out(api: AuthenticatedClient) -> Iterator[TitleOut]:
    """Export our titles, each as `GET /v1/titles/{title_id}` shows it."""
    wanted = ExportIn(of=ExportOf.TITLES, titles=TitlesWanted(mine=True))
    operation = ended(api, needed(create_export.sync(client=api, body=wanted), OperationOut))
    file = needed(get_export_file.sync(operation.id, client=api), FileOut)
    yield from map(TitleOut.from_dict, lines_of(file))


def listed(api: AuthenticatedClient) -> Iterator[TitleItem]:
    """Follow the list of our titles to its end."""
    cursor: str | Unset = UNSET
    while True:
        answer = list_titles.sync(client=api, mine=True, limit=100, cursor=cursor)
        page = needed(answer, ItemPageTitleItem)
        yield from page.items
        if page.next_cursor is None:
            return
        cursor = page.next_cursor
