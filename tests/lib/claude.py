#!/usr/bin/env python3
# Stands in for the `claude` program: a stream of what it was started with.
import json
import os
import sys
import time

def say(**line):
    print(json.dumps(line), flush=True)

said = json.loads(sys.stdin.readline())
text = said["message"]["content"]
say(type="system", subtype="init", session_id="s", tools=[], cwd=os.getcwd())
if text == "hang":
    say(type="stream_event", parent_tool_use_id=None, event={
        "type": "content_block_delta", "index": 0,
        "delta": {"type": "text_delta", "text": str(os.getpid())}})
    time.sleep(1000)
told = json.dumps({"env": dict(os.environ), "cwd": os.getcwd(),
                   "args": sys.argv[1:], "text": text})
say(type="assistant", parent_tool_use_id=None, message={
    "content": [{"type": "text", "text": told}]})
say(type="result", subtype="success", is_error=False, result=told,
    structured_output={"told": text}, num_turns=1, total_cost_usd=0.01,
    usage={"input_tokens": 7, "output_tokens": 3})
