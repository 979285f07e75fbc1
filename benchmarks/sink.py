"""A bare webhook receiver: echoes the challenge, answers 200, counts; `GET /count` tells."""

import sys
from urllib.parse import parse_qs

import uvicorn

count = 0


async def app(scope, receive, send):
    global count
    if scope["type"] != "http":
        return
    body = b"ok"
    if scope["method"] == "GET":
        challenge = parse_qs(scope["query_string"]).get(b"hub.challenge")
        body = challenge[0] if challenge else b"%d" % count
    else:
        while (await receive()).get("more_body"):
            pass
        count += 1
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="critical", access_log=False, lifespan="off")
