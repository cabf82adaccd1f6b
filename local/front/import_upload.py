"""The upload URL of a user import job: a presigned PUT, as Amazon S3 takes it.

It needs the header `x-amz-server-side-encryption: aws:kms`, and is good for 15 minutes (cognito/latest/
developerguide/cognito-user-pools-using-import-tool.html). Until the job is started another file replaces the
first one. Refusals look like S3's (AmazonS3/latest/API/ErrorResponses.html).
"""

import hmac
from collections.abc import Callable
from http import HTTPStatus

from aiohttp import web

from local.front.hooks import Hooks
from local.front.import_file import LARGEST_FILE
from local.front.import_job import CREATED, UPLOAD_PREFIX, Job
from local.front.settings import Conditions

ENCRYPTION = "x-amz-server-side-encryption"

_PORTION = 1 << 20


class Uploads:
    """A feature: takes the files. `find` returns the job of an id."""

    def __init__(
        self, find: Callable[[str], Job | None], conditions: Conditions, clock: Callable[[], float]
    ) -> None:
        self._find = find
        self._conditions = conditions
        self._clock = clock

    def register(self, hooks: Hooks) -> None:
        """Plug in."""
        hooks.route(UPLOAD_PREFIX, self.serve)

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Take a file."""
        if request.method != "PUT":
            return _refusal(405, "MethodNotAllowed", "The specified method is not allowed.")
        if "Content-Length" not in request.headers:
            return _refusal(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
        job = self._find(request.path.removeprefix(UPLOAD_PREFIX))
        token = request.query.get("token", "")
        if job is None or not hmac.compare_digest(token.encode(), job.token.encode()):
            text = "The request signature we calculated does not match the signature you provided."
            return _refusal(403, "SignatureDoesNotMatch", text)
        refusal = self._refusal_of(request, job)
        if refusal is not None:
            return refusal
        content = await _read(request)
        if job.status != CREATED:  # by now
            return _refusal(403, "AccessDenied", "Access Denied")
        job.content = content
        return web.Response(headers={ENCRYPTION: "aws:kms"})

    def _refusal_of(self, request: web.BaseRequest, job: Job) -> web.Response | None:
        """Return the answer that refuses a job's file, None if it is taken."""
        if job.home.region in self._conditions.lost_regions:
            return _refusal(503, "ServiceUnavailable", "Service is unable to handle request.")
        if self._clock() - job.created > self._conditions.imports.upload_seconds:
            return _refusal(403, "AccessDenied", "Request has expired")
        if request.headers.get(ENCRYPTION) != "aws:kms":
            return _refusal(403, "AccessDenied", f"There were headers not provided: {ENCRYPTION}")
        if job.status != CREATED:
            return _refusal(403, "AccessDenied", "Access Denied")
        return None


async def _read(request: web.BaseRequest) -> bytes:
    """Read a body; of one that is too large for an import, so much that this can be seen."""
    content = bytearray()
    async for portion in request.content.iter_chunked(_PORTION):
        content += portion[: LARGEST_FILE + 1 - len(content)]
    return bytes(content)


def _refusal(status: int, code: str, message: str) -> web.Response:
    text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    headers = {"Allow": "PUT"} if status == HTTPStatus.METHOD_NOT_ALLOWED else None
    return web.Response(status=status, text=text, content_type="application/xml", headers=headers)
