# The service and all commands, as a user who cannot write any file.
# docs/deploy.md#a-container describes the use, and what was not tested.

FROM python:3.13-slim-bookworm AS build
WORKDIR /srv/wallet-api
COPY requirements.txt ./
# Wheels only: there is no compiler. The final image has zlib and libffi from here, and what nothing
# imports is removed.
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action ignore \
        --only-binary :all: --require-hashes -r requirements.txt \
    && pip uninstall --yes --root-user-action ignore pip \
    && find /usr/local -depth -type d \
        \( -name tests -o -name SelfTest -o -name ensurepip -o -name idlelib \) -exec rm -r {} + \
    && cp -L /lib/*/libz.so.1 /lib/*/libffi.so.8 /usr/local/lib/
COPY catalog.json ./
COPY migrations migrations
COPY queries queries
COPY wallet_api wallet_api
RUN python -m compileall -q wallet_api

# Debian's libc, OpenSSL, certificates and time zones: no shell, no package manager.
FROM gcr.io/distroless/cc-debian12:nonroot
# root owns all files: the service cannot change them.
COPY --from=build /usr/local /usr/local
COPY --from=build /srv/wallet-api /srv/wallet-api
ENV LD_LIBRARY_PATH=/usr/local/lib
WORKDIR /srv/wallet-api
USER 65532:65532
EXPOSE 8000
ENTRYPOINT ["/usr/local/bin/python3", "-m", "wallet_api"]
CMD ["serve"]
