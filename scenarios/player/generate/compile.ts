// Makes an export of a source: steps by name become steps by id, with a place in the designer.

import { createHash } from 'node:crypto'

import { DEFAULT_TEXTS } from '../../source/scheduling.ts'
import type { Named, Source } from '../../source/building.ts'
import { texts } from '../../source/texts.ts'
import { edges, type Envelope, type Step } from '../engine/export.ts'

/** When the exports were last changed in a way that their authors would tell. */
const UPDATED = '2026-11-27T00:00:00.0000000Z'

/** The room of a step in the designer. */
export const WIDTH = 220
export const HEIGHT = 70

/** The export as text, as it stands in the file. */
export function exported(source: Source): string {
  const code = { version: 3, steps: steps(source), interrupting: false, breaking: false, returningMessage: '' }
  const envelope: Envelope = {
    name: source.name,
    id: uuid(source.trigger),
    scenario_trigger: source.trigger,
    description: source.description,
    active: true,
    updated: UPDATED,
    userDisplayName: 'healthbot-scheduler',
    code: JSON.stringify(code),
  }
  return `${JSON.stringify(envelope, null, 2)}\n`
}

export function steps(source: Source): Step[] {
  const named = source.steps.map((step, index) => compiled(source, step, source.steps[index + 1]))
  return laidOut(source.steps, withDefaultTexts(named))
}

export function stepId(trigger: string, name: string): string {
  const hash = createHash('sha256').update(`${trigger}/${name}`).digest('hex')
  return `${hash.slice(0, 12)}-${hash.slice(12, 28)}-${hash.slice(28, 32)}`
}

function uuid(trigger: string): string {
  const hash = createHash('sha256').update(trigger).digest('hex')
  const parts = [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `5${hash.slice(13, 16)}`,
    `a${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ]
  return parts.join('-')
}

function compiled(source: Source, step: Named, following: Named | undefined): Step {
  const id = (name: string) => {
    if (!source.steps.some((other) => other.name === name)) {
      throw new Error(`${source.trigger}: step \`${step.name}\` leads to \`${name}\`, which does not exist`)
    }
    return stepId(source.trigger, name)
  }
  if (source.steps.filter(({ name }) => name === step.name).length > 1) {
    throw new Error(`${source.trigger}: two steps are called \`${step.name}\``)
  }
  const after = step.next === undefined ? following?.name : step.next
  if (after === undefined && step.next !== null) throw new Error(`${source.trigger}: nothing follows \`${step.name}\``)
  const common = { id: stepId(source.trigger, step.name), label: step.label }
  const goesOn = { xLocation: 0, yLocation: 0, ...(after ? { next: id(after) } : {}) }
  const card =
    'card' in step && step.card
      ? { attachment: [{ type: 'AdaptiveCard', cardCode: step.card }], layout: 'vertical' }
      : {}
  switch (step.kind) {
    case 'say':
      return {
        ...common,
        type: 'statement',
        designer: goesOn,
        text: step.text,
        ...card,
      }
    case 'ask':
      return {
        ...common,
        type: 'prompt',
        designer: goesOn,
        dataType: step.card || step.anything ? 'object' : 'string',
        text: step.text,
        variable: step.into,
        ...card,
      }
    case 'act':
      return { ...common, type: 'action', designer: goesOn, onInit: step.code.trim() }
    case 'branch':
      return {
        ...common,
        type: 'branch',
        designer: { xLocation: 0, yLocation: 0, next: id(step.no) },
        condition: step.condition,
        targetStepId: id(step.yes),
      }
    case 'choose':
      return {
        ...common,
        type: 'switch',
        designer: { xLocation: 0, yLocation: 0, next: id(step.otherwise) },
        condition: step.on,
        cases: Object.entries(step.cases).map(([value, target]) => ({ value, targetStepId: id(target) })),
      }
    case 'call':
      return {
        ...common,
        type: 'datasource',
        designer: { ...goesOn, errorStepId: id(step.fails) },
        dataConnection: '',
        urlBase: "getEnv('schedulingBaseUrl')",
        urlPath: `'/api/${step.function}'`,
        urlParams: '',
        method: 'post',
        contentType: 'raw',
        headers: `{ "x-functions-key": getEnv('schedulingFunctionKey'), "Content-Type": "application/json" }`,
        payload: step.payload,
        opJson: true,
        opResolveWithFullResponse: false,
        response: step.into,
        error: 'callError',
      }
    case 'begin':
      return { ...common, type: 'beginScenario', designer: goesOn, scenario: step.trigger, args: step.args }
    case 'replace':
      return {
        ...common,
        type: 'replaceScenario',
        designer: { xLocation: 0, yLocation: 0 },
        scenario: step.trigger,
        args: step.args,
      }
  }
}

/** The keys of the texts that steps name. */
export function textKeys(steps: Step[]): string[] {
  const keys = new Set<string>()
  const all = JSON.stringify(steps)
  for (const [, key] of all.matchAll(/(?:scenario\.)?\bt\.([A-Za-z]\w*)/g)) if (key! in texts) keys.add(key!)
  // Named by the value that they stand for.
  if (all.includes('scenario.t[names[i]]')) {
    for (const [, list] of all.matchAll(/var (?:names|parts) = \[([^\]]*)\]/g)) {
      for (const [, key] of list!.matchAll(/'(\w+)'/g)) keys.add(key!)
    }
  }
  return Object.keys(texts).filter((key) => keys.has(key))
}

/** The keys of the texts that stand on buttons. */
export function titleKeys(steps: Step[]): string[] {
  const titles = JSON.stringify(steps).matchAll(/title: (?:scenario\.)?t\.([A-Za-z]\w*)/g)
  return [...new Set([...titles].map(([, key]) => key!))].filter((key) => key in texts)
}

function withDefaultTexts(steps: Step[]): Step[] {
  const lines = textKeys(steps).map((key) => `  ${key}: ${JSON.stringify(texts[key]!.en)}`)
  return steps.map((step) =>
    step.type === 'action'
      ? { ...step, onInit: step.onInit.replace(DEFAULT_TEXTS, () => `{\n${lines.join(',\n')}\n}`) }
      : step,
  )
}

/** The room between columns, and below a step for where it leads: a line for each way. */
const GAP = 50
const LINE = 15
const BELOW = 30
/** Steps that stand alone share a row, so many of them. */
const COLUMNS = 6

/** In the order of the source, row by row: what belongs together in one row, what stands alone side by side. */
function laidOut(named: Named[], steps: Step[]): Step[] {
  const rows = inRows(named, steps)
  let y = 20
  const placed = rows.flatMap((row) => {
    const lines = Math.max(...row.map(({ line }) => line)) + 1
    const tops: number[] = []
    for (let line = 0; line < lines; line++) {
      tops.push(y)
      const ways = row.filter((one) => one.line === line).map(({ step }) => edges(step).length)
      y += HEIGHT + BELOW + LINE * Math.max(...ways, 1)
    }
    return row.map(({ step, column, line }) => ({
      ...step,
      designer: { ...step.designer, xLocation: 20 + column * (WIDTH + GAP), yLocation: tops[line]! },
    }))
  })
  return placed as Step[]
}

interface Placed {
  step: Step
  group: string
  column: number
  line: number
}

function inRows(named: Named[], steps: Step[]): Placed[][] {
  const rows: Placed[][] = []
  steps.forEach((step, index) => {
    const { group, column, line } = named[index]!.place ?? { group: '', column: 0, line: 0 }
    const row = rows.at(-1)
    const goesOn = row && row[0]!.group === group && (group !== '' || row.length < COLUMNS)
    if (!goesOn) rows.push([{ step, group, column, line }])
    else row.push({ step, group, column: group === '' ? row.length : column, line })
  })
  return rows
}
