# One image for every role; docker-compose.yml says which command runs where.
FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements.lock .
RUN python -m venv /opt/syndicator \
 && /opt/syndicator/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY syndicator ./syndicator
COPY workers ./workers
COPY config ./config
RUN /opt/syndicator/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --uid 10001 --create-home --home-dir /var/lib/syndicator syndicator
COPY --from=build /opt/syndicator /opt/syndicator
ENV PATH=/opt/syndicator/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SYNDICATOR_DATA=/var/lib/syndicator/data \
    SYNDICATOR_LOG_FORMAT=json
USER syndicator
WORKDIR /var/lib/syndicator
VOLUME /var/lib/syndicator/data
EXPOSE 8800
CMD ["syndicator", "up", "--host", "0.0.0.0", "--port", "8800"]
