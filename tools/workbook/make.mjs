#!/usr/bin/env node
// Makes infra/workbook.json, the Azure Monitor workbook, from the queries of infra/queries. A query is written once:
// the workbook takes it as it is, but for the width of its bars, which follows the time range that is looked at.
//
//   node tools/workbook/make.mjs            writes it
//   node tools/workbook/make.mjs --check    says whether it is what this program makes

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const QUERIES = new URL('../../infra/queries/', import.meta.url);
const WORKBOOK = new URL('../../infra/workbook.json', import.meta.url);
const WORKSPACES = 'microsoft.operationalinsights/workspaces';

const TITLE = '# healthbot-scheduler\n`docs/operations.md` says what to do about what you see.';
const [HOUR, DAY] = [3_600_000, 86_400_000];

// What is shown, in this order: the query's file, its title, how it is drawn, and how much of the width it takes.
const sections = [
  {
    title: 'Bookings',
    text: 'What patients were answered. `callerLeft` is a caller who hung up before the answer.',
    queries: [
      ['bookings', 'Answers to book', 'timechart', 60],
      ['booked', 'Booked, lost to others, faulty', 'table', 40],
      ['outcomes', 'Answers by function', 'table', 50],
      ['faults', 'Faults by code', 'columnchart', 50],
    ],
  },
  {
    title: 'How long it took',
    text: 'Inside the handler, as the host measured it, and at the systems behind it.',
    queries: [
      ['latency', 'Handler, by function (ms)', 'table', 50],
      ['latency-over-time', 'Handler, 95th percentile (ms)', 'timechart', 50],
      ['host-latency', 'Functions host, by function (ms)', 'table', 50],
      ['vendors', 'Systems of the clinics, by operation (ms)', 'table', 50],
      ['vendor-troubles', 'What they answered when they did not answer as asked', 'table', 100],
    ],
  },
  {
    title: 'What is left over',
    text: 'The timer settles what a killed instance or a silent vendor has left, every five minutes.',
    queries: [
      ['pending', 'Oldest unfinished booking (s), waiting, failed', 'timechart', 60],
      ['reconcile-gaps', 'Pauses of the timer', 'table', 40],
      ['reconcile', 'Runs of the timer', 'table', 100],
    ],
  },
  {
    title: 'The app itself',
    text: 'Instances, releases, caches, the configuration, and every warning.',
    queries: [
      ['instances', 'Instances and starts', 'timechart', 50],
      ['cache', 'Cache hits (%)', 'timechart', 50],
      ['versions', 'Releases', 'table', 50],
      ['configuration', 'Configuration and secrets', 'table', 50],
      ['problems', 'Warnings and errors', 'table', 100],
    ],
  },
  {
    title: 'What it stands on',
    text: 'Storage, the vault, and what the logs come to.',
    queries: [
      ['storage', 'Storage: what was refused', 'table', 50],
      ['storage-latency', 'Storage, by operation (ms)', 'table', 50],
      ['vault', 'Key Vault', 'table', 50],
      ['volume', 'Logs taken in (GB)', 'table', 50],
      ['who-read', 'Who asked for what is kept', 'table', 100],
    ],
  },
];

const text = `${JSON.stringify(workbook(), undefined, 2)}\n`;
if (process.argv.includes('--check')) {
  if (readFileSync(WORKBOOK, 'utf8') !== text) {
    console.error('infra/workbook.json is not what its queries make: run `node tools/workbook/make.mjs`');
    process.exit(1);
  }
  console.log('infra/workbook.json is up to date');
} else {
  writeFileSync(WORKBOOK, text);
  console.log(`wrote ${fileURLToPath(WORKBOOK)}`);
}

function workbook() {
  return {
    version: 'Notebook/1.0',
    items: [markdown('title', TITLE), range(), ...sections.flatMap(section)],
    $schema: 'https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json',
  };
}

function section({ title, text, queries }) {
  return [markdown(`about ${title}`, `## ${title}\n${text}`), ...queries.map((wanted) => query(...wanted))];
}

function markdown(name, json) {
  return { type: 1, content: { json }, name };
}

function range() {
  const choices = [HOUR, 4 * HOUR, DAY, 3 * DAY, 7 * DAY, 14 * DAY, 30 * DAY].map((durationMs) => ({ durationMs }));
  const parameter = {
    id: '5b0a7f5e-0a8f-4b2b-9d0e-6a0f4c7b2f11',
    version: 'KqlParameterItem/1.0',
    name: 'TimeRange',
    label: 'Time range',
    type: 4,
    isRequired: true,
    value: { durationMs: DAY },
    typeSettings: { selectableValues: choices, allowCustom: true },
  };
  const content = { version: 'KqlParameterItem/1.0', parameters: [parameter], style: 'pills', queryType: 0 };
  return { type: 9, content: { ...content, resourceType: WORKSPACES }, name: 'time range' };
}

function query(file, title, visualization, width) {
  const kql = readFileSync(new URL(`${file}.kql`, QUERIES), 'utf8').trimEnd();
  const content = {
    version: 'KqlItem/1.0',
    query: kql.replace(/^let grain = \w+;$/m, 'let grain = {TimeRange:grain};'),
    size: 0,
    title,
    noDataMessage: 'Nothing in this time range.',
    timeContextFromParameter: 'TimeRange',
    queryType: 0,
    resourceType: WORKSPACES,
    visualization,
  };
  return { type: 3, content, customWidth: String(width), name: file };
}
