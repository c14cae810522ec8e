#!/usr/bin/env node
// Checks every query of ours with Microsoft's own parser of the Kusto query language, against the columns that the
// tables of a workspace have: those of infra/queries, of the workbook, and the ```kusto blocks of the documentation.
// And checks what that parser cannot know: that the fields a query reads of a log line are those that
// docs/operations.md says a line has.
//
//   node tests/kql/check.mjs --parser FOLDER    FOLDER has node_modules/@kusto/language-service-next
//
// `./test` installs the parser and runs this.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = resolve(fileURLToPath(import.meta.url), '../../..');
const { values: options } = parseArgs({ options: { parser: { type: 'string', default: 'target/test-env/kql' } } });

const { Language } = parser();
const tables = JSON.parse(readFileSync(join(ROOT, 'tests/kql/tables.json'), 'utf8')).tables;
const globals = workspace(tables);
const told = linesOf(readFileSync(join(ROOT, 'docs/operations.md'), 'utf8'));

const wrong = [...selfTest(), ...workbookShape()];
const queries = [...ofFiles(), ...ofWorkbook(), ...ofDocuments()];
for (const { where, kql } of queries) {
  wrong.push(...judge(kql).map((problem) => `${where}: ${problem}`));
}
wrong.push(...unlikeItsFile(queries));

wrong.forEach((problem) => console.error(problem));
console.log(`${queries.length} queries, ${wrong.length} of them or of their surroundings wrong`);
process.exit(wrong.length ? 1 : 0);

// --- the parser

function parser() {
  const require = createRequire(join(resolve(ROOT, options.parser), 'any.js'));
  // The package is made for browsers: it wants its runtime first, and leaves what it has in the global object.
  require('@kusto/language-service-next/bridge.js');
  require('@kusto/language-service-next');
  return globalThis.Kusto;
}

function workspace(tables) {
  const { TableSymbol, DatabaseSymbol } = Language.Symbols;
  const symbols = Object.entries(tables).map(([name, columns]) => {
    const schema = Object.entries(columns).map(([column, type]) => `${column}: ${type}`).join(', ');
    return new TableSymbol.$ctor7(name, `(${schema})`, null);
  });
  return Language.GlobalState.Default.WithDatabase(new DatabaseSymbol.ctor('workspace', symbols));
}

/** What is wrong with a query. */
function judge(kql) {
  const code = Language.KustoCode.ParseAndAnalyze(kql, globals);
  const found = [];
  const diagnostics = code.GetDiagnostics();
  for (let index = 0; index < diagnostics.Count; index += 1) {
    const { Severity, Message, Start } = diagnostics.getItem(index);
    if (Severity === 'Error' || Severity === 'Warning') {
      found.push(`line ${kql.slice(0, Start).split('\n').length}: ${Message}`);
    }
  }
  return found.concat(unknownFields(kql));
}

// --- what the parser cannot know

/** Fields that the lines of the events in question do not have, and events that there are none of. */
function unknownFields(kql) {
  // What a query calls the line that it takes apart.
  const names = [...kql.matchAll(/(\w+) *= *(?:parse_json|todynamic)\(Message\)/g)].map(([, name]) => name);
  const found = [];
  const asked = new Set();
  for (const name of names) {
    const compared = new RegExp(`(?:${name}\\.event\\)?|\\bevent) *(?:==|in) *\\(?((?:"\\w+"(?:, *)?)+)`, 'g');
    for (const [, events] of kql.matchAll(compared)) {
      for (const event of events.match(/\w+/g)) asked.add(event);
    }
  }
  for (const event of asked) {
    if (!told.events.has(event)) found.push(`there is no event \`${event}\``);
  }
  // A query that also looks at lines without an event may read whatever a line has.
  const narrow = asked.size > 0 && !kql.includes(' or isnotempty(');
  const events = narrow ? [...asked] : [...told.events.keys()];
  const known = new Set([...told.common, ...events.flatMap((event) => told.events.get(event) ?? [])]);
  for (const name of names) {
    for (const [, field] of kql.matchAll(new RegExp(`\\b${name}\\.(\\w+)`, 'g'))) {
      if (known.has(field) || (!narrow && told.others.has(field))) continue;
      found.push(`no line of ${narrow ? [...asked].join(', ') : 'any kind'} has the field \`${field}\``);
    }
  }
  return found;
}

/** The section "Log lines" of docs/operations.md: which lines there are, and the fields of each. */
function linesOf(document) {
  const section = document.split(/^## /m).find((part) => part.startsWith('Log lines'));
  if (!section) throw new Error('docs/operations.md has no section `Log lines`');
  const named = (text) => [...text.matchAll(/`(\w+)`/g)].map(([, name]) => name);
  const rows = [...section.matchAll(/^\| `(\w+)` \|([^|]*)\|/gm)];
  const events = new Map(rows.map(([, event, own]) => [event, named(own)]));
  const paragraph = (start) => named(section.match(new RegExp(`^${start}[^]*?\n\n`, 'm'))?.[0] ?? '');
  const common = paragraph('Every line has');
  const others = new Set(paragraph('Other lines'));
  if (events.size < 5 || !common.length || !others.size) {
    throw new Error('docs/operations.md does not tell of log lines');
  }
  return { events, common: ['event', ...common], others };
}

/** A query in the documentation that names its file has to be what is in it. */
function unlikeItsFile(queries) {
  const files = new Map(queries.filter(({ file }) => file).map(({ file, kql }) => [file, kql.trim()]));
  return queries.flatMap(({ where, kql }) => {
    const [, named] = kql.match(/^\/\/ infra\/queries\/(\S+)\n/) ?? [];
    if (!named) return [];
    const body = kql.slice(kql.indexOf('\n') + 1).trim();
    return files.get(named) === body ? [] : [`${where}: it is not what is in infra/queries/${named}`];
  });
}

// --- where queries are

function ofFiles() {
  const folder = join(ROOT, 'infra/queries');
  return readdirSync(folder).filter((name) => name.endsWith('.kql')).map((file) => {
    return { where: `infra/queries/${file}`, file, kql: readFileSync(join(folder, file), 'utf8') };
  });
}

function ofWorkbook() {
  return workbook().items.filter(({ type }) => type === 3).map(({ name, content }) => {
    // Workbooks put a length of time there before they ask.
    return { where: `infra/workbook.json, ${name}`, kql: content.query.replaceAll('{TimeRange:grain}', '5m') };
  });
}

function ofDocuments() {
  const documents = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)];
  return documents.filter((name) => name.endsWith('.md')).flatMap((name) => {
    const text = readFileSync(join(ROOT, name), 'utf8');
    return [...text.matchAll(/^```kusto\n([^]*?)^```$/gm)].map((block) => {
      const row = text.slice(0, block.index).split('\n').length;
      return { where: `${name}, line ${row}`, kql: block[1] };
    });
  });
}

// --- the workbook's shape

function workbook() {
  return JSON.parse(readFileSync(join(ROOT, 'infra/workbook.json'), 'utf8'));
}

/** What the portal would refuse, or would not show. Microsoft's schema of workbooks says less than this. */
function workbookShape() {
  const { version, items } = workbook();
  const found = [];
  const complain = (item, problem) => found.push(`infra/workbook.json, ${item.name}: ${problem}`);
  if (version !== 'Notebook/1.0') found.push(`infra/workbook.json: version ${version}`);
  const names = items.map(({ name }) => name);
  names.filter((name, index) => names.indexOf(name) !== index).forEach((name) => found.push(`two items are ${name}`));
  const parameters = items.filter(({ type }) => type === 9).flatMap(({ content }) => content.parameters);
  const known = parameters.map(({ name }) => name);
  for (const item of items) {
    const { type, content } = item;
    if (![1, 3, 9].includes(type)) complain(item, `type ${type}`);
    if (type === 1 && typeof content.json !== 'string') complain(item, 'a text without text');
    if (type !== 3) continue;
    if (content.version !== 'KqlItem/1.0' || content.queryType !== 0) complain(item, 'is not asked as KQL');
    if (content.resourceType !== 'microsoft.operationalinsights/workspaces') {
      complain(item, 'is not asked of a workspace');
    }
    if (!['table', 'timechart', 'columnchart', 'barchart', 'piechart'].includes(content.visualization)) {
      complain(item, `is drawn as ${content.visualization}`);
    }
    if (!known.includes(content.timeContextFromParameter)) complain(item, 'has no time range');
    for (const [, used] of content.query.matchAll(/\{(\w+)(?::\w+)?\}/g)) {
      if (!known.includes(used)) complain(item, `uses the parameter ${used}, which is not there`);
    }
    if (!(Number(item.customWidth) > 0 && Number(item.customWidth) <= 100)) complain(item, 'has no width');
    if (!existsSync(join(ROOT, `infra/queries/${item.name}.kql`))) complain(item, 'is in no file of infra/queries');
  }
  return found;
}

// --- whether this finds anything

function selfTest() {
  const start = 'AppTraces | extend line = parse_json(Message) | where tostring(line.event)';
  const refused = {
    'a misspelt operator': 'AppTraces | wher SeverityLevel > 1',
    'an unknown table': 'AppTrace | take 1',
    'an unknown column': 'AppTraces | where Severity > 1',
    'a column of another table': 'AppRequests | where Message has "x"',
    'an unknown function': 'AppTraces | extend ms = tolongs(Message)',
    'too many arguments': 'AppTraces | extend low = tolower(Message, 1)',
    'a column that was projected away': 'AppTraces | project Message | order by TimeGenerated asc',
    'arithmetic with a text': 'AppTraces | extend double = Message * 2',
    'half a query': 'AppTraces | summarize count() by',
    'an unknown field': `${start} == "request" | extend ms = line.milliseconds`,
    'a field of another event': `${start} == "request" | extend hits = line.hits`,
    'an unknown event': `${start} == "requested"`,
  };
  const accepted = {
    'a right one': `${start} == "request" | summarize count() by bin(TimeGenerated, 1h), tostring(line.outcome)`,
    'a list of events': `${start} in ("config", "secret")`,
  };
  const missed = Object.entries(refused).filter(([, kql]) => judge(kql).length === 0);
  const hit = Object.entries(accepted).filter(([, kql]) => judge(kql).length > 0);
  return [
    ...missed.map(([what]) => `the check itself: ${what} was not refused`),
    ...hit.map(([what, kql]) => `the check itself: ${what} was refused: ${judge(kql).join('; ')}`),
  ];
}
