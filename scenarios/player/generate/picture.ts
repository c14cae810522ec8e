// A picture of a flow, rendered from the export: every step where the designer has it, and where it leads. What leads to a
// step beside it is drawn; what leads farther is named below the step, as lines across the whole picture tell nobody
// anything.

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
  .when, .way { font-size: 11px; fill: #334155 }
  .fails { fill: #b91c1c }
  rect { stroke: #64748b }
  .first { stroke: #0f172a; stroke-width: 2.5 }
  path { fill: none; stroke: #64748b }
  .error { stroke: #b91c1c; stroke-dasharray: 5 4 }
`

export function picture(scenario: Scenario): string {
  const width = Math.max(...scenario.steps.map(({ designer }) => designer.xLocation)) + WIDTH + 80
  const height =
    Math.max(...scenario.steps.map((step) => step.designer.yLocation + 15 * edges(step).length)) + HEIGHT + 20
  const drawn = scenario.steps.map((step, index) => {
    const near = edges(step).filter((edge) => isNear(scenario, edge))
    const far = edges(step).filter((edge) => !isNear(scenario, edge))
    return [
      ...near.map((edge) => line(scenario, edge)),
      box(step, index === 0),
      ...far.map((edge, at) => way(scenario, edge, at)),
    ]
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${escaped(`${scenario.name} (${scenario.trigger}): ${scenario.steps.length} steps`)}</title>`,
    `<style>${STYLE}</style>`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" style="fill:#64748b;stroke:none"/></marker></defs>',
    `<rect width="${width}" height="${height}" style="fill:#fff;stroke:none"/>`,
    ...drawn.flat(),
    '</svg>',
    '',
  ].join('\n')
}

/** To the next column, in this line or one that is near. */
function isNear(scenario: Scenario, { from, to }: Edge): boolean {
  const [a, b] = [scenario.byId.get(from)!.designer, scenario.byId.get(to)!.designer]
  return (
    b.xLocation > a.xLocation &&
    b.xLocation - a.xLocation < 2 * WIDTH &&
    Math.abs(a.yLocation - b.yLocation) < 3 * HEIGHT
  )
}

function line(scenario: Scenario, edge: Edge): string {
  const [from, to] = [scenario.byId.get(edge.from)!.designer, scenario.byId.get(edge.to)!.designer]
  const [x1, y1] = [from.xLocation + WIDTH, from.yLocation + HEIGHT / 2]
  const [x2, y2] = [to.xLocation, to.yLocation + HEIGHT / 2]
  const middle = (x1 + x2) / 2
  const label = edge.when
    ? `<text class="when" x="${x2 - 8}" y="${y2 - 6}" text-anchor="end">${escaped(edge.when)}</text>`
    : ''
  const kind = edge.kind === 'error' ? ' class="error"' : ''
  return `<path${kind} d="M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}" marker-end="url(#tip)"/>${label}`
}

/** Where a step leads that is elsewhere. */
function way(scenario: Scenario, edge: Edge, at: number): string {
  const { xLocation, yLocation } = scenario.byId.get(edge.from)!.designer
  const target = scenario.byId.get(edge.to)!
  const text = `${edge.when ? `${edge.when} ` : ''}→ ${target.label ?? target.id}`
  const kind = edge.kind === 'error' ? 'way fails' : 'way'
  return `<a href="#${target.id}"><text class="${kind}" x="${xLocation + 10}" y="${yLocation + HEIGHT + 16 + 15 * at}">${escaped(text)}</text></a>`
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
  return `<g id="${step.id}"><title>${escaped(label)}</title>${rect}${text}</g>`
}

function broken(label: string): [string, string] {
  const at = label.lastIndexOf(' ', 30)
  const rest = label.slice(at + 1)
  return [label.slice(0, at), rest.length > 32 ? `${rest.slice(0, 31)}…` : rest]
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}
