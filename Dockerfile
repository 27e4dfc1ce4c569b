FROM python:3.11-slim-bookworm

RUN apt-get update && apt-get install --yes --no-install-recommends gcc make && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/vignette

# The pinned packages first: they change less often than the code.
COPY Makefile requirements.txt requirements-embedded.txt ./
RUN make .venv/.runtime
COPY . .
RUN make setup

RUN useradd --system --create-home vignette && mkdir /data && chown vignette /data
USER vignette
VOLUME /data
# Inside the container the page listens on every address, so it wants VIGNETTE_WEB__ACCESS_TOKEN.
ENV VIGNETTE_STORAGE__DATABASE=/data/vignette.db VIGNETTE_STORAGE__ASSETS=/data/assets VIGNETTE_WEB__HOST=0.0.0.0
EXPOSE 8420
CMD [".venv/bin/vignette", "run"]
