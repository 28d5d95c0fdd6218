# The catalog in an image of its own: one static program, certificates, and a folder for its data. No shell.
#
#   docker build -t catalog --build-arg RELEASE="$(git describe --tags --always --dirty) $(git rev-parse HEAD)" .
#   docker run --rm -p 8080:8080 -v catalog-data:/data catalog

# It builds on the builder's own platform for the one that is asked for: Go needs no emulation for that.
FROM --platform=$BUILDPLATFORM golang:1.26.8-bookworm@sha256:a688600ca24f8a4d3ca77f95b0dd40704a9fc787c826660eb7ba0b641b8b175d AS tools
WORKDIR /src
# What the image has beside the program. Its user is nobody's: a number that no other image gives a name.
RUN mkdir -p /root.d/etc/ssl/certs /root.d/data /root.d/tmp \
	&& cp /etc/ssl/certs/ca-certificates.crt /root.d/etc/ssl/certs/ \
	&& echo 'catalog:x:65532:65532::/data:/sbin/nologin' >/root.d/etc/passwd \
	&& echo 'catalog:x:65532:' >/root.d/etc/group \
	&& chown 65532:65532 /root.d/data && chmod 700 /root.d/data && chmod 1777 /root.d/tmp

FROM tools AS build
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS TARGETARCH RELEASE
# timetzdata: the program brings the time zones itself.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
	CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=false -tags timetzdata \
	-ldflags "-s -w -X 'github.com/zebrands/catalog/internal/build.release=$RELEASE'" -o /catalog ./cmd/catalog

FROM scratch AS base
COPY --from=tools /root.d/ /
ENV CATALOG_ADDR=0.0.0.0:8080 CATALOG_DATA_DIR=/data
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["/catalog", "health"]
ENTRYPOINT ["/catalog"]
CMD ["serve"]
LABEL org.opencontainers.image.title="catalog" \
	org.opencontainers.image.description="A product catalog for programs" \
	org.opencontainers.image.source="https://github.com/zebrands/catalog" \
	org.opencontainers.image.licenses="Apache-2.0"

# For a release: the program that goreleaser built, so that image and archives hold the same one.
FROM base AS release
ARG TARGETPLATFORM
COPY $TARGETPLATFORM/catalog /catalog

# By default: the program built above.
FROM base
COPY --from=build /catalog /catalog
