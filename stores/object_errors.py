"""Why an object store refuses, and what to do about it.

The clients' errors are no OSErrors, and each client has its own. They are told by the names of their modules and
classes and by the server's error codes, so that no client is imported here.
"""

from dataclasses import dataclass

_CLIENTS = ("aiobotocore", "aiohttp", "botocore")
_ABSENT = ("NoSuchKey", "404", "NoSuchUpload", "NoSuchVersion")

_NO_ACCESS = (
    "ask for the permissions s3:GetObject, s3:PutObject and s3:DeleteObject on the store and s3:ListBucket on its "
    "bucket; without the last, S3 refuses a missing object instead of saying that it is missing"
)
_BAD_KEYS = "correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile in AWS_PROFILE"
_NO_BUCKET = "make the bucket, or correct [store] root and AWS_ENDPOINT_URL"
_BUSY = "the server is overloaded: wait, then run again with fewer workers; finished shards are kept"
_WRONG_REGION = "set AWS_DEFAULT_REGION to the bucket's region, and AWS_ENDPOINT_URL to that region's endpoint"
_NO_CONNECTION = "check the network and AWS_ENDPOINT_URL, and run again: finished shards are kept"
_SETUP = "correct the client's settings: the AWS environment variables, the AWS files, or fsspec's configuration"

_BY_CODE = {
    "NoSuchBucket": _NO_BUCKET,
    "InvalidBucketName": _NO_BUCKET,
    **dict.fromkeys(("AccessDenied", "AllAccessDisabled", "AccountProblem", "403"), _NO_ACCESS),
    **dict.fromkeys(("InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed"), _BAD_KEYS),
    **dict.fromkeys(("ExpiredToken", "InvalidToken", "TokenRefreshRequired"), "renew the session's credentials"),
    "RequestTimeTooSkewed": "set this machine's clock",
    **dict.fromkeys(("PermanentRedirect", "IllegalLocationConstraintException", "301", "307"), _WRONG_REGION),
    **dict.fromkeys(("SlowDown", "ServiceUnavailable", "Throttling", "ThrottlingException", "503"), _BUSY),
    **dict.fromkeys(("RequestLimitExceeded", "TooManyRequests", "429"), _BUSY),
    **dict.fromkeys(("InternalError", "500", "502", "504"), _NO_CONNECTION),
}
_BY_CLASS = {
    **dict.fromkeys(("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"), _BAD_KEYS),
    "NoRegionError": _WRONG_REGION,
    **dict.fromkeys(("ProfileNotFound", "InvalidEndpointError", "ParamValidationError", "ConfigParseError"), _SETUP),
}
_NO_WRITING = ("AccessDenied", "AllAccessDisabled", "403")


@dataclass(frozen=True)
class Refusal:
    """What an object store or its client said.

    Attributes:
        found: its words.
        remedy: what the user can do.
        is_forbidden: whether the place is there but not for this user.
    """

    found: str
    remedy: str
    is_forbidden: bool


def error_code(error: BaseException) -> str | None:
    """Return the server's code, such as "SlowDown", of a client's error or of an OSError made from one."""
    for candidate in (error, error.__cause__ if isinstance(error, OSError) else None):
        answer = getattr(candidate, "response", None)
        if isinstance(answer, dict) and isinstance(answer.get("Error"), dict):
            return str(answer["Error"].get("Code"))
    return None


def object_store_refusal(error: BaseException) -> Refusal | None:
    """Return what an object store's error means; None for an absent file and for errors of another origin."""
    code = error_code(error)
    names = {kind.__name__ for kind in type(error).__mro__ if kind.__module__.partition(".")[0] in _CLIENTS}
    if code in _ABSENT or (code is None and not names):
        return None
    found = f"{code or type(error).__name__}: {error}"
    named = next((remedy for name, remedy in _BY_CLASS.items() if name in names), _NO_CONNECTION)
    remedy = named if code is None else _BY_CODE.get(code, _NO_CONNECTION)
    return Refusal(found[:500], remedy, code in _NO_WRITING)
