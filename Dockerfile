# syntax=docker/dockerfile:1
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY tests/bench tests/bench
COPY tests/it tests/it
RUN cargo build --release --locked --bin logan

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /build/target/release/logan /usr/local/bin/logan
WORKDIR /data
VOLUME ["/data"]
ENTRYPOINT ["/usr/local/bin/logan"]
CMD ["--help"]
