# syntax=docker/dockerfile:1
# docker build -t logan .
# docker run -d -v logan:/data -p 7171:7171 -e LOGAN_BEHIND_PROXY__TRUSTED=172.17.0.0/16 logan
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc g++ libc6-dev cmake make && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY tests/bench tests/bench
COPY tests/it tests/it
# The volume is made here, since the image below has no shell; its owner is the user below.
RUN cargo build --release --locked --bin logan && mkdir -m 0700 /build/data

# No shell, no package manager; certificates of the usual authorities, for webhooks and mail.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /build/target/release/logan /usr/local/bin/logan
COPY --from=build --chown=65532:65532 /build/data /data
USER 65532:65532
WORKDIR /data
VOLUME ["/data"]
# Within the container's own network everybody is beyond loopback: a certificate (LOGAN_TLS__CERT, LOGAN_TLS__KEY), the
# network of a proxy (LOGAN_BEHIND_PROXY__TRUSTED) or LOGAN_INSECURE=true must be given, or it says so and ends.
ENV LOGAN_DATA=/data LOGAN_LISTEN=0.0.0.0:7171 LOGAN_OPS_LISTEN=127.0.0.1:7172
EXPOSE 7171
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s CMD ["/usr/local/bin/logan", "healthcheck", "--quiet"]
ENTRYPOINT ["/usr/local/bin/logan"]
CMD ["serve"]
