"""A loop that logs until it is killed and prints each recorded step."""

import sys

import memlab

run = memlab.track("killed", runs=sys.argv[1], resume=True)
step = run.step
print("ready", flush=True)
while True:
    step += 1
    run.log(loss=1.0 / step, half=step / 2)
    if step % 50 == 0:
        run.checkpoint({"state": str(step).encode()})
    print(step, flush=True)
