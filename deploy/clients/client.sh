#!/bin/sh
# client.sh PROMPT [PROPS]: one signed POST with curl and openssl.
# AGENTMARK_URL is the endpoint, AGENTMARK_WEBHOOK_SECRET its secret.
set -eu
body=$(printf '{"type":"prompt-run","data":{"promptPath":"%s","customProps":%s,"options":{"shouldStream":false}}}' \
    "$1" "${2:-{\}}")
hmac=$(printf %s "$body" |
    openssl dgst -sha256 -hmac "$AGENTMARK_WEBHOOK_SECRET" | sed 's/.* //')
curl -sS --fail-with-body -H 'Content-Type: application/json' \
    -H "x-agentmark-signature-256: sha256=$hmac" \
    --data-binary "$body" "$AGENTMARK_URL"
