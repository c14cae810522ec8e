// A picture of a flow, rendered from the export: every step where the designer has it, and what leads where.

import { edges, type Edge, type Step } from '../engine/export.ts'
import type { Scenario } from '../engine/read.ts'
import { HEIGHT, WIDTH } from './compile.ts'

const COLOURS: Record<Step['type'], string> = {
  statement: '#dbeafe',
  prompt: '#fef3c7',
  branch: '#ede9fe',
  switch: '#ede9fe',
  action: '#f1f5f9',
  assignVariable: '#f1f5f9',
  datasource: '#dcfce7',
  beginScenario: '#fce7f3',
  replaceScenario: '#fce7f3',
  wait: '#f1f5f9',
  endwithresult: '#f1f5f9',
}

const WORDS: Record<Step['type'], string> = {
  statement: 'says',
  prompt: 'asks',
  branch: 'branch',
  switch: 'switch',
  action: 'action',
  assignVariable: 'sets',
  datasource: 'calls',
  beginScenario: 'begins',
  replaceScenario: 'goes on with',
  wait: 'waits',
  endwithresult: 'ends',
}

const STYLE = `
  text { font: 13px system-ui, "Segoe UI", sans-serif; fill: #0f172a }
  .kind { font-size: 11px; fill: #475569 }
  .when { font-size: 11px; fill: #334155; paint-order: stroke; stroke: #fff; stroke-width: 3px }
  rect { stroke: #64748b }
  .first { stroke: #0f172a; stroke-width: 2.5 }
  path { fill: none; stroke: #64748b }
  .back { stroke: #cbd5e1 }
  .error { stroke: #dc2626; stroke-dasharray: 5 4 }
  @media (prefers-color-scheme: dark) { .sheet { fill: #fff } }
`

export function picture(scenario: Scenario): string {
  const at = (id: string) => scenario.byId.get(id)!.designer
  const width = Math.max(...scenario.steps.map(({ designer }) => designer.xLocation)) + WIDTH + 20
  const height = Math.max(...scenario.steps.map(({ designer }) => designer.yLocation)) + HEIGHT + 20
  const lines = scenario.steps.flatMap(edges).map((edge) => line(edge, at(edge.from), at(edge.to)))
  const boxes = scenario.steps.map((step, index) => box(step, index === 0))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${escaped(`${scenario.name} (${scenario.trigger}): ${scenario.steps.length} steps`)}</title>`,
    `<style>${STYLE}</style>`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" style="fill:#64748b;stroke:none"/></marker></defs>',
    `<rect class="sheet" width="${width}" height="${height}" style="fill:#fff;stroke:none"/>`,
    ...lines,
    ...boxes,
    '</svg>',
    '',
  ].join('\n')
}

interface Place {
  xLocation: number
  yLocation: number
}

function line(edge: Edge, from: Place, to: Place): string {
  const x1 = from.xLocation + WIDTH / 2
  const y1 = from.yLocation + HEIGHT
  const x2 = to.xLocation + WIDTH / 2
  const back = to.yLocation <= from.yLocation
  const y2 = to.yLocation
  const bend = back ? 60 : Math.max(20, (y2 - y1) / 2)
  const kind = edge.kind === 'error' ? 'error' : back ? 'back' : ''
  const label = edge.when
    ? `<text class="when" x="${x1 + (x2 - x1) * 0.25}" y="${y1 + 16}" text-anchor="middle">${escaped(edge.when)}</text>`
    : ''
  return `<path class="${kind}" d="M${x1} ${y1} C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}" marker-end="url(#tip)"/>${label}`
}

function box(step: Step, first: boolean): string {
  const { xLocation: x, yLocation: y } = step.designer
  const label = step.label ?? step.id
  const [one, two] = label.length > 30 ? broken(label) : [label, '']
  const text = [
    `<text class="kind" x="${x + 10}" y="${y + 18}">${WORDS[step.type]}</text>`,
    `<text x="${x + 10}" y="${y + 38}">${escaped(one)}</text>`,
    two ? `<text x="${x + 10}" y="${y + 55}">${escaped(two)}</text>` : '',
  ].join('')
  const rect = `<rect${first ? ' class="first"' : ''} x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}" rx="8" fill="${COLOURS[step.type]}"/>`
  return `<g><title>${escaped(label)}</title>${rect}${text}</g>`
}

function broken(label: string): [string, string] {
  const at = label.lastIndexOf(' ', 30)
  const rest = label.slice(at + 1)
  return [label.slice(0, at), rest.length > 32 ? `${rest.slice(0, 31)}…` : rest]
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}
