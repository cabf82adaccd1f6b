"""Run a module as a child that ends when its parent does: `python -m local.tether MODULE [ARGUMENT…]`.

The parent holds the other end of standard input and never writes to it. When it ends, however it ends, the
operating system closes that end; the child, and all of its process group if it leads one, is then asked to
terminate, and ended if it does not.
"""

import os
import runpy
import signal
import sys
import threading

GRACE_SECONDS = 3.0


def end_with_parent(grace: float = GRACE_SECONDS) -> None:
    """Watch standard input from now on, in a thread."""
    signal_all = os.killpg if os.getpgrp() == os.getpid() else os.kill

    def watch() -> None:
        while os.read(0, 1024):
            pass
        signal_all(os.getpid(), signal.SIGTERM)
        threading.Event().wait(grace)
        signal_all(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True, name="tether").start()


def main() -> None:
    """Run the module named by the first argument as `python -m` would."""
    end_with_parent()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
