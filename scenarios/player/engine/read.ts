// Reads an export and names whatever in it is not known, so that nothing of it is passed over in silence.

import { Validator, type Schema } from '@cfworker/json-schema'

import schema from '../schema/export.schema.json' with { type: 'json' }
import { edges, type Code, type Envelope, type Step } from './export.ts'

export interface Scenario {
  name: string
  trigger: string
  description: string
  steps: Step[]
  byId: Map<string, Step>
  interrupting: boolean
  breaking: boolean
  /** What is not as the format describes it. The scenario is played all the same. */
  notes: string[]
}

/** Why a text is no scenario at all. */
export class NotAScenario extends Error {}

const envelopeOf = new Validator(structuredClone(schema) as unknown as Schema, '2020-12', false)
const codeOf = inside('code')
const stepOf = new Map(Object.keys(schema.$defs.steps).map((type) => [type, inside(`steps/${type}`)]))

/** The validator of a part of the schema. It writes its own marks into what it is given, so it is given a copy. */
function inside(part: string): Validator {
  return new Validator(
    { $ref: `#/$defs/${part}`, $defs: structuredClone(schema.$defs) } as unknown as Schema,
    '2020-12',
    false,
  )
}

/** Reads an export, or only what the editor's Code tab shows. Throws `NotAScenario`. */
export function readScenario(text: string): Scenario {
  const outer = parsed(text.replace(/^\uFEFF/, ''), 'the file')
  if (Array.isArray(outer)) throw new NotAScenario('this is a list: unpack it and load one scenario at a time')
  if (typeof outer !== 'object' || outer === null) throw new NotAScenario('this is no scenario: an object is expected')
  const bare = 'steps' in outer && !('code' in outer)
  if (!bare && typeof (outer as Envelope).code !== 'string') {
    throw new NotAScenario('this is no scenario export: it has neither `code` nor `steps`')
  }
  const envelope: Envelope = bare
    ? { name: 'Code without a name', scenario_trigger: 'unnamed', description: '', code: text }
    : (outer as Envelope)
  const code = (bare ? outer : parsed(envelope.code, '`code`')) as Code
  if (!Array.isArray(code?.steps) || code.steps.length === 0) throw new NotAScenario('`code` has no `steps`')
  return {
    name: String(envelope.name ?? envelope.scenario_trigger),
    trigger: String(envelope.scenario_trigger),
    description: String(envelope.description ?? ''),
    steps: code.steps,
    byId: new Map(code.steps.map((step) => [step?.id, step])),
    interrupting: code.interrupting === true,
    breaking: code.breaking === true,
    notes: [...(bare ? [] : violations(envelopeOf, outer, 'envelope')), ...notesOnCode(code)],
  }
}

/** What an export violates of the documented fields; empty: nothing. */
export function violationsOf(text: string): string[] {
  return readScenario(text).notes
}

function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new NotAScenario(`${what} is not JSON: ${(error as Error).message}`)
  }
}

function notesOnCode(code: Code): string[] {
  const notes: string[] = []
  const { steps, ...rest } = code
  notes.push(...violations(codeOf, { ...rest, steps: [] }, 'code'))
  const ids = new Set<string>()
  for (const step of steps) {
    if (typeof step !== 'object' || step === null || typeof step.id !== 'string' || typeof step.type !== 'string') {
      throw new NotAScenario('a step has no `id` or no `type`')
    }
    if (ids.has(step.id)) notes.push(`${told(step)}: another step has the same id`)
    ids.add(step.id)
    const validator = stepOf.get(step.type)
    if (!validator) notes.push(`${told(step)}: the step type \`${step.type}\` is not known to the player`)
    else notes.push(...violations(validator, step, told(step)))
  }
  for (const step of steps) {
    for (const edge of edgesOf(step)) {
      if (!ids.has(edge.to)) notes.push(`${told(step)}: leads to \`${edge.to}\`, which does not exist`)
    }
  }
  return notes
}

function edgesOf(step: Step) {
  return step.designer
    ? edges(step.type === 'switch' && !Array.isArray(step.cases) ? { ...step, cases: [] } : step)
    : []
}

function violations(validator: Validator, value: unknown, where: string): string[] {
  const found = validator.validate(value).errors
  // A failure inside is told again for each schema around it; the innermost says most.
  const outer = new Set([
    'properties',
    'items',
    '$ref',
    'allOf',
    'anyOf',
    'oneOf',
    'if',
    'then',
    'else',
    'additionalProperties',
  ])
  const telling = found.filter((error) => !outer.has(error.keyword) || error.keyword === 'additionalProperties')
  return [
    ...new Set(
      (telling.length > 0 ? telling : found).map(
        (error) => `${where}: ${error.instanceLocation.slice(1)} ${error.error}`,
      ),
    ),
  ]
}

/** How a step is named to people. */
export function told(step: Step): string {
  return `step "${step.label ?? step.id}"`
}
