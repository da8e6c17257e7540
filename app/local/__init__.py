"""The PostgreSQL and the S3 server of `make run` and `make test`, from Python packages."""

from app.local.postgres import PostgresServer, local_postgres
from app.local.processes import LocalError
from app.local.s3 import S3Server, local_s3

__all__ = ["LocalError", "PostgresServer", "S3Server", "local_postgres", "local_s3"]
