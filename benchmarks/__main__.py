"""`python -m benchmarks [SUITE]`: runs one suite, or all of them."""

import asyncio
import importlib
import sys

SUITES = ("process", "postgres", "protocols", "masking", "catalogue", "risk", "workflow", "audit")


def main() -> int:
    """Run the suites that are named, all when none is; return the exit code."""
    wanted = sys.argv[1:] or list(SUITES)
    for suite in wanted:
        if suite not in SUITES:
            print(f"there is no suite `{suite}`; there are {', '.join(SUITES)}", file=sys.stderr)
            return 2
    for suite in wanted:
        asyncio.run(importlib.import_module(f"benchmarks.bench_{suite}").run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
