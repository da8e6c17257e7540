"""The object store that keeps screeners: the only place that knows boto3.

Bytes of screeners go between the client and the store by presigned URLs, never through the API;
files of avails do, and the worker fetches what it works on. What it asks of a store: multipart
uploads, `Content-Length` and `Content-MD5` held to the signature, the MD5 of each part as its
`ETag` (so no KMS encryption on AWS). What stores really do is in
docs/decisions/0006-screener-upload.md.
"""

from app.s3.calls import CALLS
from app.s3.store import Store, open_store

__all__ = ["CALLS", "Store", "open_store"]
