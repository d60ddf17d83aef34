#!/usr/bin/env python3
"""client.py PROMPT [PROPS]: prints what the prompt answers."""
import hashlib, hmac, json, os, sys, urllib.request

body = json.dumps({"type": "prompt-run", "data": {
    "promptPath": sys.argv[1], "customProps": json.loads((sys.argv[2:] or ["{}"])[0]),
    "options": {"shouldStream": False}}}).encode()
key = os.environ["AGENTMARK_WEBHOOK_SECRET"].encode()
request = urllib.request.Request(os.environ["AGENTMARK_URL"], body, {
    "Content-Type": "application/json",
    "x-agentmark-signature-256": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()})
answer = json.load(urllib.request.urlopen(request))
print(answer["result"] if answer["type"] == "text" else json.dumps(answer["result"]))
