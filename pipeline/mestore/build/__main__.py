"""python -m mestore.build SCRIPT [ARG]: run a stage, as stages/run does.

Ctrl-C while the stage is still imported, which takes as long as its libraries do, is one line here too.
"""

import runpy
import signal
import sys

if __name__ == "__main__":
    sys.argv = sys.argv[1:]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a cluster's scheduler has no Ctrl-C
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except KeyboardInterrupt:
        sys.stderr.write("mestore: interrupted; what was finished is kept\n")
        sys.exit(130)
