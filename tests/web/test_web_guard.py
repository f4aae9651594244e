"""What stands before every page: who may ask, how much, and what every answer says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from saisei.web import Limits, create_app
from saisei.web.clients import Clients, group_of
from saisei.web.defects import told_without_values
from saisei.web.guard import LOOPBACK, Guard
from saisei.web.headers import STRICT
from web.web_api_asking import MANY, asking, moment

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "[::1].evil.example",
        "[::1]evil.example",
        "evil@localhost",
        "localhost:80:80",
        "localhost:port",
        "localhost/..",
        "",
        " ",
        "127.0.0.1:8765:localhost",
        "LOCALHOST.",
        "2130706433",
    ],
)
def test_another_host_name_is_refused(host: str) -> None:
    answer = asking().get("/", headers={"host": host})
    assert answer.status_code == 421


@pytest.mark.parametrize("host", ["localhost", "LocalHost:8765", "127.0.0.1:1", "[::1]:8765"])
def test_this_machine_is_answered(host: str) -> None:
    assert asking().get("/", headers={"host": host}).status_code == 200


def test_two_host_names_are_none() -> None:
    two = [("host", "localhost"), ("host", "evil.example")]
    assert asking().get("/", headers=two).status_code == 421


def test_a_server_does_not_answer_to_the_name_of_tests() -> None:
    limits = Limits(hosts=LOOPBACK)
    assert asking(limits).get("/", headers={"host": "testserver"}).status_code == 421


SENT_FROM: list[tuple[dict[str, str], int]] = [
    ({}, 303),
    ({"origin": "http://localhost:8765"}, 303),
    ({"origin": "https://localhost:8765"}, 303),
    ({"origin": "http://localhost:8765", "sec-fetch-site": "same-origin"}, 303),
    ({"sec-fetch-site": "same-origin"}, 303),
    ({"sec-fetch-site": "none"}, 303),
    ({"origin": "null", "sec-fetch-site": "same-origin"}, 303),
    ({"origin": "null"}, 403),
    ({"origin": "null", "sec-fetch-site": "cross-site"}, 403),
    ({"sec-fetch-site": "cross-site"}, 403),
    ({"sec-fetch-site": "same-site"}, 403),
    ({"origin": "http://evil.example"}, 403),
    ({"origin": "http://localhost:9999"}, 403),
    ({"origin": "http://localhost:8765", "sec-fetch-site": "cross-site"}, 403),
    ({"origin": "http://evil.example://localhost:8765"}, 403),
    ({"origin": "localhost:8765"}, 403),
    ({"origin": ""}, 403),
]


@pytest.mark.parametrize(("headers", "status"), SENT_FROM)
def test_a_form_is_taken_from_our_own_pages_only(headers: dict[str, str], status: int) -> None:
    answer = asking().post(
        "/language",
        data={"language": "ja", "back": "/"},
        headers={"host": "localhost:8765", **headers},
        follow_redirects=False,
    )
    assert answer.status_code == status


def test_the_policy_of_referrers_lets_browsers_say_where_our_forms_come_from() -> None:
    # under `no-referrer` browsers send `Origin: null` with every form
    answer = asking().get("/")
    assert answer.headers["referrer-policy"] == "same-origin"
    meta = re.findall(r'<meta name="referrer" content="([^"]+)"', answer.text)
    assert set(meta) <= {"same-origin"}


def test_a_stated_length_over_the_limit_is_refused_before_it_is_read() -> None:
    limits = Limits(body_bytes=1000)
    answer = asking(limits).post("/api/v1/decide", content=b"x" * 1001, headers=JSON)
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:saisei:problem:too-large"


@pytest.mark.parametrize("length", ["9" * 15, "9" * 5000, "-1", "1e3", "٣", "0x10", "1_0"])
def test_a_strange_length_is_refused_without_an_error(length: str) -> None:
    sent = run(raw_scope(headers={"content-length": length}), [])
    assert sent[0]["status"] == 413


@pytest.mark.parametrize("address", ["/api/v1/decide", "/language"])
def test_a_body_in_pieces_is_cut_at_the_limit(address: str) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(20):
            yield b"language=" + b"x" * 100

    kind = (
        JSON
        if address.startswith("/api")
        else {"content-type": "application/x-www-form-urlencoded"}
    )
    answer = asking(Limits(body_bytes=1000)).post(address, content=pieces(), headers=kind)
    assert answer.status_code == 413
    wanted = "application/problem+json" if address.startswith("/api") else "text/html"
    assert answer.headers["content-type"].startswith(wanted)


def test_a_body_that_does_not_come_is_given_up() -> None:
    async def never() -> Message:
        await asyncio.sleep(60)
        raise AssertionError

    scope = raw_scope("POST", "/api/v1/decide", {**JSON, "transfer-encoding": "chunked"})
    sent = asyncio.run(run_app(scope, never, body_seconds=0.05))
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


def test_a_client_that_asks_too_often_waits_and_others_do_not() -> None:
    seconds = [0.0]
    clients = Clients(3, 60, 10, 10, 100, lambda: seconds[0])
    assert [clients.may("192.0.2.1") for _ in range(4)] == [True, True, True, False]
    assert clients.may("192.0.2.2")
    seconds[0] = 1.0
    assert clients.may("192.0.2.1")
    assert not clients.may("192.0.2.1")


def test_the_addresses_of_one_subscriber_are_one_client() -> None:
    assert group_of("2001:db8:1:2::1") == group_of("2001:db8:1:2:ffff::9")
    assert group_of("2001:db8:1:2::1") != group_of("2001:db8:1:3::1")
    assert group_of("::ffff:192.0.2.7") == "192.0.2.7" != group_of("192.0.2.8")
    assert group_of("no address" * 50) != group_of("")


def test_clients_are_forgotten_when_there_are_too_many() -> None:
    clients = Clients(3, 60, 10, 10, 50, lambda: 0.0)
    for number in range(1000):
        clients.may(f"10.0.{number // 256}.{number % 256}")
    assert len(clients) == 50


def test_requests_under_way_are_bounded_and_freed_again() -> None:
    clients = Clients(100, 100, 2, 3, 100)
    with clients.under_way("a") as one, clients.under_way("a") as two, clients.under_way("a") as no:
        assert (one, two, no) == (True, True, False)
        with clients.under_way("b") as other, clients.under_way("c") as full:
            assert (other, full) == (True, False)
    assert clients.running == 0
    with clients.under_way("a") as again:
        assert again


def test_too_many_requests_say_when_to_come_back() -> None:
    client = asking(Limits(burst=2, per_minute=1))
    answers = [client.get("/api/v1/evidence/nobody") for _ in range(3)]
    assert [one.status_code for one in answers] == [404, 404, 429]
    assert answers[-1].headers["retry-after"] == "60"
    assert client.get("/").status_code == 429
    assert client.get("/").headers["content-type"].startswith("text/html")


def test_a_head_is_a_get_without_its_body() -> None:
    client = asking()
    for address in ("/", "/api/v1/evidence"):
        got, head = client.get(address), client.head(address)
        assert head.status_code == 200
        assert head.content == b""
        assert head.headers == got.headers


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_other_methods_are_refused_in_words(method: str) -> None:
    for address in ("/", "/api/v1/decide"):
        answer = asking().request(method, address)
        assert answer.status_code == 405, address
        assert "access-control-allow-origin" not in answer.headers


def test_no_socket_is_opened() -> None:
    sent: list[Message] = []

    async def keep(message: Message) -> None:
        sent.append(message)

    async def connect() -> Message:
        return {"type": "websocket.connect"}

    scope = {"type": "websocket", "path": "/", "headers": [(b"host", b"localhost")]}
    asyncio.run(create_app(moment)(scope, connect, keep))
    assert [one["type"] for one in sent] == ["websocket.close"]


def addresses() -> list[tuple[str, str]]:
    """Give every route of the application with something in its gaps."""
    found: list[tuple[str, str]] = []
    for route in _routes(create_app(moment)):
        path = re.sub(r"{[^}]+}", "nobody", route.path)
        found += [(method, path) for method in sorted(route.methods or ())]
    return found


def _routes(app: Any) -> Iterator[APIRoute]:
    for route in app.routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            inner = getattr(route, "original_router", None) or getattr(route, "app", None)
            yield from _routes(inner) if hasattr(inner, "routes") else ()


ROUTES = addresses()


def test_the_walk_sees_the_routes() -> None:
    assert {("GET", "/"), ("POST", "/api/v1/decide"), ("GET", "/api/v1/evidence/nobody")} <= {
        *ROUTES
    }


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_answer_has_the_headers(method: str, path: str) -> None:
    client = TestClient(create_app(moment, MANY), follow_redirects=False)
    for asked in {method, "GET", "POST", "DELETE"}:
        answer = client.request(asked, path)
        assert answer.status_code < 500, (asked, path)
        for name in STRICT:
            assert name in answer.headers, (asked, path, name)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        if answer.headers.get("content-type", "").startswith(("text/html", "application/problem")):
            assert "Accept-Language" in answer.headers["vary"]
            assert "Cookie" in answer.headers["vary"]
        kept = answer.headers["cache-control"]
        assert kept == "no-store" or path.startswith(("/static/", "/evidence", "/therapies"))


def test_a_page_behind_a_proxy_is_for_https_only() -> None:
    client = asking(Limits(https=True))
    assert client.get("/").headers["strict-transport-security"].startswith("max-age=")
    chosen = client.post("/language", data={"language": "ja"}, follow_redirects=False)
    cookie = chosen.headers["set-cookie"]
    for part in ("Secure", "HttpOnly", "SameSite"):
        assert part.lower() in cookie.lower()
    plain = asking().post("/language", data={"language": "ja"}, follow_redirects=False)
    assert "secure" not in plain.headers["set-cookie"].lower()
    assert "strict-transport-security" not in asking().get("/").headers


def test_the_only_cookie_is_the_language() -> None:
    client = asking()
    client.post("/language", data={"language": "ja"})
    client.get("/")
    client.post("/api/v1/decide", json={"case": {"sex": "male"}})
    assert list(client.cookies) == ["language"]


def fail() -> None:
    """Fail as code does that was led there by another failure."""
    try:
        {"Yamada": 1}["born 1911-01-31"]
    except KeyError as error:
        raise ValueError("Yamada Taro weighs 81.25") from error


def broken(kind: str) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if kind == "begun":
            await send({"type": "http.response.start", "status": 200, "headers": []})
        fail()

    return app


@pytest.mark.parametrize("kind", ["before", "begun"])
def test_a_defect_is_told_by_its_place_and_not_by_its_words(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_: Any, status: int, code: str) -> Response:
        return Response(code, status)

    guard = Guard(broken(kind), refuse)
    sent = asyncio.run(run_app(raw_scope(), nothing, guard))
    told = capsys.readouterr()
    assert sent[0]["status"] == (500 if kind == "before" else 200)
    assert len([one for one in sent if one["type"] == "http.response.start"]) == 1
    assert "ValueError" in told.err
    assert "KeyError" in told.err
    assert "test_web_guard.py" in told.err
    for value in ("1911", "Yamada", "81.25"):
        assert value not in told.err + told.out
    if kind == "before":
        names = {name for name, _ in sent[0]["headers"]}
        assert {name.encode() for name in STRICT} <= names


def test_a_defect_of_a_page_is_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("Yamada")

    monkeypatch.setattr("saisei.web.api.decide", fail)
    monkeypatch.setattr("saisei.web.pages.emergency_words", fail)
    app = create_app(moment)
    answer = TestClient(app).post("/api/v1/decide", json={"case": {"sex": "male"}})
    assert (answer.status_code, answer.json()["status"]) == (500, 500)
    assert "Yamada" not in answer.text


def test_errors_in_groups_and_chains_are_told_to_the_end() -> None:
    inner = ExceptionGroup("Yamada", [ValueError("Taro"), TypeError("81.25")])
    told = told_without_values(inner)
    assert [name in told for name in ("ExceptionGroup", "ValueError", "TypeError")] == [True] * 3
    assert not re.search("Yamada|Taro|81", told)


async def nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def raw_scope(
    method: str = "GET", path: str = "/", headers: dict[str, str] | None = None
) -> dict[str, Any]:
    told = {"host": "localhost", **(headers or {})}
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "client": ("127.0.0.1", 5),
        "server": ("127.0.0.1", 80),
        "headers": [(name.encode(), one.encode("utf-8")) for name, one in told.items()],
    }


def run(scope: dict[str, Any], _: list[bytes]) -> list[Message]:
    return asyncio.run(run_app(scope, nothing))


async def run_app(
    scope: dict[str, Any], receive: Receive, app: Any = None, body_seconds: float = 20.0
) -> list[Message]:
    sent: list[Message] = []

    async def keep(message: Message) -> None:
        sent.append(message)

    asked = app or create_app(moment, Limits(body_seconds=body_seconds))
    await asked(scope, receive, keep)
    return sent
