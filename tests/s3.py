"""A store that speaks S3 on the loopback: checks every signature, has the faults of real ones.

What is checked is written down anew from the specification of Signature Version 4, so that it does
not agree with the client by being the client.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import re
import socket
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

REGION = "kr-standard"
BUCKET = "portal-files"
ACCESS_KEY = "AKIDPORTAL"
SECRET_KEY = "s3-secret/of+the-tests"
SMALLEST_PART = 5 * 1024 * 1024
_XMLNS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<scope>[^,]+), ?"
    r"SignedHeaders=(?P<names>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


class Refused(Exception):
    """An answer of S3 that says no."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose signature was right."""

    method: str
    key: str
    query: dict[str, str]
    body: bytes
    headers: dict[str, str]


@dataclass
class Fault:
    """What happens to the next `times` requests of `method`."""

    method: str
    status: int = 0
    code: str = ""
    times: int = 1
    silent: bool = False
    """Never answers."""
    query: str = ""
    """Only where the query has this name."""


@dataclass
class S3Store:
    """One bucket. Objects are seen once they are whole; uploads in parts wait beside them."""

    objects: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    """Ends all silence."""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def clear(self) -> None:
        for kept in (self.objects, self.uploads, self.asked, self.faults):
            kept.clear()

    async def heard(self, requests: int) -> None:
        """When so many came."""
        while len(self.asked) < requests:
            self.news.clear()
            await self.news.wait()

    def methods(self) -> list[str]:
        """Of all that was asked, in order."""
        return [asked.method for asked in self.asked]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except ClientDisconnect:
            return
        except Refused as refused:
            words = f"<Error><Code>{refused.code}</Code><Message>no</Message></Error>"
            answer = Response(words, refused.status, media_type="application/xml")
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        body = await request.body()
        asked = _verified(request, body)
        self.asked.append(asked)
        self.news.set()
        await self._suffer(asked)
        match asked.method:
            case "PUT" if "partNumber" in asked.query:
                return self._put_part(asked)
            case "PUT":
                return self._put(asked)
            case "POST" if "uploads" in asked.query:
                return self._begin(asked)
            case "POST" if "uploadId" in asked.query:
                return self._complete(asked)
            case "POST" if "delete" in asked.query:
                return self._delete_many(asked)
            case "DELETE" if "uploadId" in asked.query:
                self.uploads.pop(asked.query["uploadId"], None)
                return Response(status_code=204)
            case "DELETE":
                self.objects.pop(asked.key, None)
                return Response(status_code=204)
            case "GET" if asked.query.get("list-type") == "2":
                return self._list(asked)
            case "GET" | "HEAD":
                return self._get(asked)
        raise Refused(405, "MethodNotAllowed")

    async def _suffer(self, asked: Asked) -> None:
        for fault in self.faults:
            if fault.method == asked.method and fault.times and fault.query in {"", *asked.query}:
                fault.times -= 1
                if fault.silent:
                    await self.awake.wait()
                    raise Refused(503, "SlowDown")
                raise Refused(fault.status, fault.code)

    def _put(self, asked: Asked) -> Response:
        self.objects[asked.key] = asked.body
        return Response(headers={"ETag": _etag(asked.body)})

    def _begin(self, asked: Asked) -> Response:
        upload_id = f"upload-{len(self.asked)}"
        self.uploads[upload_id] = {}
        return _xml(
            f"<InitiateMultipartUploadResult {_XMLNS}><Bucket>{BUCKET}</Bucket>"
            f"<Key>{escape(asked.key)}</Key><UploadId>{upload_id}</UploadId>"
            "</InitiateMultipartUploadResult>"
        )

    def _parts(self, asked: Asked) -> dict[int, bytes]:
        parts = self.uploads.get(asked.query["uploadId"])
        if parts is None:
            raise Refused(404, "NoSuchUpload")
        return parts

    def _put_part(self, asked: Asked) -> Response:
        self._parts(asked)[int(asked.query["partNumber"])] = asked.body
        return Response(headers={"ETag": _etag(asked.body)})

    def _complete(self, asked: Asked) -> Response:
        parts = self._parts(asked)
        listed = [
            (int(_text(part, "PartNumber")), _text(part, "ETag"))
            for part in ElementTree.fromstring(asked.body)
        ]
        if [(number, _etag(parts.get(number, b""))) for number, _ in listed] != listed:
            raise Refused(400, "InvalidPart")
        if any(len(parts[number]) < SMALLEST_PART for number, _ in listed[:-1]):
            raise Refused(400, "EntityTooSmall")
        self.objects[asked.key] = whole = b"".join(parts[number] for number, _ in listed)
        del self.uploads[asked.query["uploadId"]]
        return _xml(
            f"<CompleteMultipartUploadResult {_XMLNS}><Bucket>{BUCKET}</Bucket>"
            f"<Key>{escape(asked.key)}</Key><ETag>{escape(_etag(whole))}</ETag>"
            "</CompleteMultipartUploadResult>"
        )

    def _delete_many(self, asked: Asked) -> Response:
        digest = hashlib.md5(asked.body, usedforsecurity=False).digest()
        if asked.headers.get("content-md5") != base64.b64encode(digest).decode():
            raise Refused(400, "InvalidDigest")
        keys = [_text(one, "Key") for one in ElementTree.fromstring(asked.body) if len(one)]
        for key in keys:
            self.objects.pop(key, None)
        gone = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
        return _xml(f"<DeleteResult {_XMLNS}>{gone}</DeleteResult>")

    def _list(self, asked: Asked) -> Response:
        prefix = asked.query.get("prefix", "")
        found = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(content)}</Size>"
            f"<ETag>{escape(_etag(content))}</ETag>"
            "<LastModified>2026-01-05T09:00:00.000Z</LastModified></Contents>"
            for key, content in sorted(self.objects.items())
            if key.startswith(prefix)
        )
        return _xml(
            f"<ListBucketResult {_XMLNS}><Name>{BUCKET}</Name><Prefix>{escape(prefix)}</Prefix>"
            f"<IsTruncated>false</IsTruncated>{found}</ListBucketResult>"
        )

    def _get(self, asked: Asked) -> Response:
        content = self.objects.get(asked.key)
        if content is None:
            raise Refused(404, "NoSuchKey")
        headers = {"ETag": _etag(content), "Last-Modified": "Mon, 05 Jan 2026 09:00:00 GMT"}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", asked.headers.get("range", ""))
        if wanted is None:
            return Response(content, headers=headers, media_type="application/octet-stream")
        first, last = int(wanted[1]), min(int(wanted[2] or len(content)), len(content) - 1)
        if first > last:
            raise Refused(416, "InvalidRange")
        headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        return Response(content[first : last + 1], 206, headers)


def _etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def _xml(body: str) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{body}', media_type="application/xml")


def _text(element: ElementTree.Element, name: str) -> str:
    found = element.find(f"{{*}}{name}")
    return found.text or "" if found is not None else ""


def _verified(request: Request, body: bytes) -> Asked:
    """The request, if it was signed with our secret, for these bytes, just now. Raises Refused."""
    headers = {name.lower(): " ".join(value.split()) for name, value in request.headers.items()}
    given = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if given is None:
        raise Refused(403, "AccessDenied")
    if given["key"] != ACCESS_KEY:
        raise Refused(403, "InvalidAccessKeyId")
    at = headers["x-amz-date"]
    if abs((datetime.now(UTC) - _moment(at)).total_seconds()) > 900:
        raise Refused(403, "RequestTimeTooSkewed")
    if given["scope"] != f"{at[:8]}/{REGION}/s3/aws4_request":
        raise Refused(400, "AuthorizationHeaderMalformed")
    if headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
        raise Refused(400, "XAmzContentSHA256Mismatch")
    if not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(given["names"].split(";")):
        raise Refused(403, "AccessDenied")
    expected = _signature(request, headers, given["names"].split(";"), at, given["scope"])
    if not hmac.compare_digest(expected, given["signature"]):
        raise Refused(403, "SignatureDoesNotMatch")
    raw = request.scope["raw_path"].decode().partition("?")[0]
    bucket, _, key = unquote(raw).removeprefix("/").partition("/")
    if bucket != BUCKET:
        raise Refused(404, "NoSuchBucket")
    return Asked(request.method, key, dict(_pairs(request)), body, headers)


def _moment(written: str) -> datetime:
    return datetime.strptime(written, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _pairs(request: Request) -> list[tuple[str, str]]:
    query = request.scope["query_string"].decode()
    pairs = (part.partition("=") for part in query.split("&") if part)
    return sorted((unquote(name), unquote(value)) for name, _, value in pairs)


def _signature(
    request: Request, headers: dict[str, str], names: Iterable[str], at: str, scope: str
) -> str:
    signed = list(names)
    path = quote(unquote(request.scope["raw_path"].decode().partition("?")[0]), safe="/~")
    query = "&".join(f"{quote(n, safe='~')}={quote(v, safe='~')}" for n, v in _pairs(request))
    lines = [request.method, path, query, *(f"{name}:{headers[name]}" for name in signed)]
    canonical = "\n".join([*lines, "", ";".join(signed), headers["x-amz-content-sha256"]])
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = b"AWS4" + SECRET_KEY.encode()
    for word in scope.split("/"):
        key = hmac.digest(key, word.encode(), "sha256")
    words = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{digest}"
    return hmac.digest(key, words.encode(), "sha256").hex()


@contextlib.asynccontextmanager
async def served(store: S3Store) -> AsyncIterator[int]:
    """The store on a port of the loopback, in this event loop."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        store, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve([listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield listener.getsockname()[1]
    finally:
        store.awake.set()
        server.should_exit = True
        await serving
        listener.close()


class Wire:
    """A line to the store that can be cut: connections end in the middle of what they carry."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.port = 0
        self.cuts: list[tuple[str, int]] = []
        """(`up` or `down`, bytes): each cuts the next connection that carries so many that way."""
        self.cut = 0

    @contextlib.asynccontextmanager
    async def laid(self) -> AsyncIterator["Wire"]:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        ways = [
            asyncio.create_task(self._pump("up", reader, far_writer)),
            asyncio.create_task(self._pump("down", far_reader, writer)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        for end in (writer, far_writer):
            end.transport.abort()

    async def _pump(
        self, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        carried = 0
        with contextlib.suppress(OSError):
            while content := await reader.read(65_536):
                carried += len(content)
                if self.cuts and self.cuts[0][0] == way and carried > self.cuts[0][1]:
                    self.cuts.pop(0)
                    self.cut += 1
                    return
                writer.write(content)
                await writer.drain()
