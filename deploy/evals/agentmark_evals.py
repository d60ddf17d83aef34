#!/usr/bin/env python3
"""A worker that runs the evals of an AgentMark project as they are:

    python3 agentmark_evals.py MODULE NAME       one row a line in, a result out
    python3 agentmark_evals.py MODULE --names    the names, as JSON
    python3 agentmark_evals.py MODULE --config   `evals:` for the configuration

MODULE is a file, or the dotted name of a module; --export NAME says which of
its variables holds them.
"""
import asyncio
import importlib
import importlib.util
import inspect
import json
import math
import os
import sys

# Where projects keep their evals, by AgentMark's own names.
EXPORTS = ("eval_registry", "scorers", "evals", "create_eval_registry",
           "client")


def load(given):
    if not given.endswith(".py"):
        sys.path.insert(0, os.getcwd())
        return importlib.import_module(given)
    path = os.path.abspath(given)
    sys.path.insert(0, os.path.dirname(path))
    name = os.path.basename(path)[:-3].replace(".", "_")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def entries(holder):
    """A dict of all evals, of whatever holds them: a dict, an instance of
    AgentMark's class EvalRegistry, or a client that has one."""
    if hasattr(holder, "get_eval_registry"):
        return entries(holder.get_eval_registry())
    if isinstance(holder, dict):
        return {k: v for k, v in holder.items() if callable(v)} or None
    if hasattr(holder, "list_names") and hasattr(holder, "get"):
        return {name: holder.get(name) for name in holder.list_names()} or None
    return None


def registry(module, name):
    for key in (name,) if name else EXPORTS:
        value = getattr(module, key, None)
        if callable(value) and (name or key == "create_eval_registry"):
            value = value()
        found = entries(value)
        if found:
            return found
    return None


def plain(value):
    """JSON has no NaN and no infinity: they are null, as in JavaScript."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if hasattr(value, "model_dump"):
        return plain(value.model_dump())
    return value


def answer(loop, run, line):
    try:
        row = json.loads(line)
        # AgentMark's runner always passes these.
        for key in ("input", "output", "expectedOutput"):
            row.setdefault(key, None)
        result = run(row)
        if inspect.isawaitable(result):
            result = loop.run_until_complete(result)
        return json.dumps(plain(result) or {}), 0
    except Exception as error:  # whatever the user's code raises
        text = str(error) or type(error).__name__
        return json.dumps({"error": text}), 1


def serve(run, out):
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    status = 0
    for line in iter(sys.stdin.buffer.readline, b""):
        if not line.strip():
            continue
        text, failed = answer(loop, run, line)
        status |= failed
        out.write(text + "\n")
        out.flush()
    return status


def configuration(module, names, options):
    """JSON is YAML."""
    given = os.path.abspath(module) if module.endswith(".py") else module
    start = [sys.executable, os.path.abspath(__file__), given]
    lines = [f"  {json.dumps(name)}: "
             + json.dumps({"exec": [*start, name, *options], "workers": 1})
             for name in names]
    return "\n".join(["evals:", *lines])


def usage(text):
    print(f"agentmark_evals: {text}", file=sys.stderr)
    return 2


def main(args):
    # Standard output is the protocol's: what evals print goes to the log.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    options = []
    if "--export" in args:
        at = args.index("--export")
        options = args[at:at + 2]
        del args[at:at + 2]
    if len(args) != 2 or len(options) == 1:
        return usage("MODULE and NAME, --names or --config are wanted")
    module, name = args
    evals = registry(load(module), options[1] if options else None)
    if not evals:
        return usage(f"{module} holds no evals")
    # By UTF-16 units, as JavaScript sorts.
    names = sorted(evals, key=lambda n: n.encode("utf-16-be", "surrogatepass"))
    if name == "--names":
        print(json.dumps(names), file=out)
    elif name == "--config":
        print(configuration(module, names, options), file=out)
    elif name in evals:
        return serve(evals[name], out)
    else:
        return usage(f"{module} has no eval {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
