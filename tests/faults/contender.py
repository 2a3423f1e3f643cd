"""One of two workers that are told at the same moment to deliver to the same destination.

``python -m tests.faults.contender N`` delivers to destination N for every line on standard input,
and answers each with the number of tries it made.
"""

from __future__ import annotations

import sys

from syndicator.boot import boot


def main() -> None:
    boot()
    from syndicator.posts.deliver import deliver

    destination = int(sys.argv[1])
    for _ in sys.stdin:
        print(deliver(destination), flush=True)


if __name__ == "__main__":
    main()
