import faulthandler, json, logging, os, resource, signal, sys
replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
signal.signal(signal.SIGINT, signal.SIG_IGN)
limit = 4 << 30
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
logging.disable(logging.CRITICAL)
def say(**reply):
    replies.write(json.dumps(reply) + "\n")
    replies.flush()
try:
    from importlib.metadata import version
    from math_verify import parse, verify
    say(ready=version("math-verify"))
except Exception as error:
    say(missing=str(error))
    sys.exit(1)
nothing = open(os.devnull, "w")
for line in sys.stdin.buffer:
    request = json.loads(line)
    faulthandler.dump_traceback_later(request["seconds"], exit=True, file=nothing)
    try:
        gold, answer = parse(request["gold"]), parse(request["answer"])
        pair = (answer, gold) if request["reversed"] else (gold, answer)
        equal = bool(verify(*pair))
        text = next((part for part in answer if isinstance(part, str)), None)
    except (Exception, MemoryError, RecursionError):
        equal, answer, text = False, [None], None
    faulthandler.cancel_dump_traceback_later()
    say(equal=equal, found=bool(answer), text=text)
