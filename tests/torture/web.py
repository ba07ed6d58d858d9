"""The little HTTP that the torture speaks: one request a connection, so that a death is seen at once."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple

PATIENCE = 40.0


class Request(NamedTuple):
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes


class Reply(NamedTuple):
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


async def read_head(reader: asyncio.StreamReader) -> tuple[str, list[tuple[str, str]]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = [line.split(":", 1) for line in head[1:] if line]
    return head[0], [(name.strip(), value.strip()) for name, value in pairs]


async def read_body(reader: asyncio.StreamReader, headers: list[tuple[str, str]]) -> bytes:
    for name, value in headers:
        if name.lower() == "content-length":
            return await reader.readexactly(int(value))
    chunked = any(name.lower() == "transfer-encoding" for name, _ in headers)
    return await read_chunks(reader) if chunked else b""


async def read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return body


async def read_request(reader: asyncio.StreamReader) -> Request:
    line, headers = await read_head(reader)
    method, target, _ = line.split(" ", 2)
    return Request(method, target, headers, await read_body(reader, headers))


async def ask(port: int, request: Request) -> Reply:
    """The whole answer. Raises OSError where it ends early, or never comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        skipped = ("host", "connection", "content-length", "transfer-encoding")
        headers = [(name, value) for name, value in request.headers if name.lower() not in skipped]
        headers += [("host", f"127.0.0.1:{port}"), ("connection", "close"), ("content-length", str(len(request.body)))]
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        writer.write(f"{request.method} {request.target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + request.body)
        line, answered = await asyncio.wait_for(read_head(reader), PATIENCE)
        return Reply(int(line.split(" ")[1]), await asyncio.wait_for(read_body(reader, answered), PATIENCE))
    except (asyncio.IncompleteReadError, asyncio.TimeoutError, EOFError) as error:
        raise ConnectionError("the answer did not come") from error
    finally:
        writer.close()


def get(target: str) -> Request:
    return Request("GET", target, [], b"")


def post(target: str, body: object) -> Request:
    return Request("POST", target, [("content-type", "application/json")], json.dumps(body).encode())
