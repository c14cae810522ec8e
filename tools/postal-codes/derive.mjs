// Derives the table of postal-code centroids, src/domain/geography/postal_codes.bin. README.md says how and why.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const TABLE = new URL("../../src/domain/geography/postal_codes.bin", import.meta.url);

// Army, fleet and diplomatic post: the code says who the addressee is, not where.
const MILITARY = new Set(["AA", "AE", "AP"]);

// Where the codes of a country can be: degrees from–to. Several boxes, because one around Florida, Alaska and
// Guam would hold half the earth and hide a lost sign.
const AREAS = {
  US: [
    { name: "contiguous states", latitude: [24.3, 49.5], longitude: [-125, -66.8] },
    { name: "Alaska", latitude: [51, 71.6], longitude: [-180, -129.9] },
    { name: "Alaska beyond 180°", latitude: [51, 53.5], longitude: [172, 180] },
    { name: "Hawaii with Midway", latitude: [18.8, 28.6], longitude: [-178.5, -154.7] },
    { name: "Wake Island", latitude: [19.2, 19.4], longitude: [166.5, 166.7] },
    { name: "Puerto Rico and the Virgin Islands", latitude: [17.6, 18.6], longitude: [-68, -64.5] },
    { name: "American Samoa", latitude: [-14.7, -10.9], longitude: [-171.2, -168] },
    { name: "Guam and the Northern Marianas", latitude: [13.1, 20.6], longitude: [144.5, 146.2] },
    { name: "Palau, Micronesia, Marshall Islands", latitude: [1, 14.8], longitude: [131, 172.3] },
  ],
  CA: [{ name: "Canada", latitude: [41.6, 83.2], longitude: [-141.1, -52.5] }],
};

const packageFolder = createRequire(import.meta.url);
const { codes: american } = packageFolder("zipcodes/lib/codes.js");
const { codes: canadian } = packageFolder("zipcodes/lib/codesCanada.js");

const dropped = { military: [], "without a position": [], "outside the country": [] };
const records = [
  ...Object.values(american).map((entry) => record("US", entry)),
  ...canadianAreas().map((entry) => record("CA", entry)),
].filter((bits) => bits !== undefined);
records.sort((a, b) => (a < b ? -1 : 1));

const bytes = Buffer.alloc(records.length * 8);
records.forEach((bits, index) => bytes.writeBigUInt64BE(bits, index * 8));

for (const [reason, codes] of Object.entries(dropped)) {
  const examples = codes.slice(0, 12).join(" ") + (codes.length > 12 ? " …" : "");
  console.log(`dropped ${codes.length} ${reason}: ${examples}`);
}
console.log(`${records.length} records, ${bytes.length} bytes`);

if (process.argv.includes("--check")) {
  if (!readFileSync(TABLE).equals(bytes)) {
    console.error("postal_codes.bin is not what this program makes: run `npm run derive` and commit the result");
    process.exit(1);
  }
  console.log("postal_codes.bin is up to date");
} else {
  writeFileSync(TABLE, bytes);
  console.log(`wrote ${fileURLToPath(TABLE)}`);
}

/** The areas of canada.csv, and from the package those that are not there. */
function canadianAreas() {
  const [, ...rows] = readFileSync(new URL("canada.csv", import.meta.url), "utf8").trim().split("\n");
  const areas = rows.map((row) => {
    const [zip, latitude, longitude] = row.split(",");
    return { zip, latitude: Number(latitude), longitude: Number(longitude) };
  });
  const there = new Set(areas.map((area) => area.zip));
  return [...areas, ...Object.values(canadian).filter((entry) => !there.has(entry.zip))];
}

/** The record of one entry, or undefined when it is dropped. */
function record(country, { zip, state, latitude, longitude }) {
  const reason = fault(country, state, latitude, longitude);
  if (reason !== undefined) {
    dropped[reason].push(zip);
    return undefined;
  }
  const north = BigInt(Math.round((latitude + 90) * 1e4));
  const east = BigInt(Math.round((longitude + 180) * 1e4));
  return (BigInt(number(country, zip)) << 43n) | (north << 22n) | east;
}

/** Why an entry is dropped, if it is. */
function fault(country, state, latitude, longitude) {
  if (country === "US" && MILITARY.has(state)) return "military";
  if (!Number.isFinite(latitude) || !Number.isFinite(longitude)) return "without a position";
  if (latitude === 0 || longitude === 0) return "without a position";
  const inside = AREAS[country].some(
    (area) => within(area.latitude, latitude) && within(area.longitude, longitude),
  );
  return inside ? undefined : "outside the country";
}

function within([from, to], degrees) {
  return from <= degrees && degrees <= to;
}

/** A ZIP code is its number; a forward sortation area follows all of them. */
function number(country, code) {
  if (country === "US") {
    if (!/^\d{5}$/.test(code)) throw new Error(`\`${code}\` is not a ZIP code`);
    return Number(code);
  }
  if (!/^[A-Z]\d[A-Z]$/.test(code)) throw new Error(`\`${code}\` is not a forward sortation area`);
  const letter = (index) => code.charCodeAt(index) - "A".charCodeAt(0);
  return 100_000 + letter(0) * 260 + Number(code[1]) * 26 + letter(2);
}
