#!/bin/sh
# /usr/local/sbin/wallet-api: the commands, for root, with the settings of the web processes and the DATABASE_URL of
# the tables' owner. WALLET_API_ROLE=web uses the DATABASE_URL of the web processes instead (for db doctor).
set -eu
set -a
. /etc/wallet-api/web.env
if [ "${WALLET_API_ROLE:-owner}" = owner ]; then . /etc/wallet-api/owner.env; fi
set +a
cd /opt/wallet-api/current
exec setpriv --reuid=wallet-api --regid=wallet-api --clear-groups --no-new-privs .venv/bin/python -m wallet_api "$@"
