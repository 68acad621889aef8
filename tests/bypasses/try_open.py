"""Says which rows of open.jsonl are still misread. Run by hand; one that passes moves.

To looked_through.jsonl, that is, where it stays.
"""

import sys
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).parents[1]))

from looking_through import Readers, load, wrong
from watched_server import catalogue_of, furnished, releases, watched


def main() -> None:
    """Print every open row, release by release, with what is wrong about it."""
    for release, folder in releases().items():
        with watched(folder) as server:
            readers = {"": Readers(catalogue_of(server))}
            for row in load("open.jsonl"):
                schema = row.get("schema", "")
                try:
                    if schema not in readers:
                        readers[schema] = Readers(catalogue_of(server, furnished(server, schema)))
                except psycopg.Error:
                    print(release, "not here", row["id"])
                    continue
                faults = wrong(row, readers[schema].read(row))
                print(release, "OPEN " if faults else "fixed", row["id"], *faults, sep="  ")


if __name__ == "__main__":
    main()
