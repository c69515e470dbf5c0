# Two images: `portal` (API, worker and migrations are the same image with other commands), the default,
# and `sandbox` (the providers' stand-ins, for trying out only). What builds them is tools/install.sh,
# which tests/e2e/test_packaging.py runs in an empty folder as another user.

FROM python:3.11-slim-bookworm AS portal-build
COPY . /source
RUN --mount=type=cache,target=/root/.cache/pip sh /source/tools/install.sh /opt/portal /source

FROM python:3.11-slim-bookworm AS sandbox-build
COPY . /source
RUN --mount=type=cache,target=/root/.cache/pip sh /source/tools/install.sh /opt/portal /source sandbox

FROM python:3.11-slim-bookworm AS runtime
RUN groupadd --gid 10001 portal \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin portal
ENV PATH=/opt/portal/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /opt/portal

FROM runtime AS sandbox
RUN install -d -o portal -g portal /data
COPY --from=sandbox-build /opt/portal /opt/portal
ENV DATA_DIR=/data SANDBOX_PORT=8001
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", "import os, urllib.request as u; u.build_opener(u.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['SANDBOX_PORT'] + '/healthz', timeout=2)"]
CMD ["python", "-m", "sandbox"]

# The last stage is what `docker build .` makes. Its files belong to root: the process cannot change them.
FROM runtime AS portal
RUN install -d -o portal -g portal -m 700 /var/lib/portal/files
COPY --from=portal-build /opt/portal /opt/portal
ENV HOST=0.0.0.0 PORT=8000
EXPOSE 8000
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", "import os, urllib.request as u; u.build_opener(u.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=2)"]
CMD ["python", "-m", "app.serve"]
