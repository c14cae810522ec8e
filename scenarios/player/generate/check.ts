// What every scenario of ours holds to, beyond the format: what the bot runs is ES5, nothing is out of reach, and nothing of
// a patient gets where it does not belong.

import { parse } from 'acorn'

import { edges, type Step } from '../engine/export.ts'
import type { Scenario } from '../engine/read.ts'
import { told } from '../engine/read.ts'

export function complaints(scenario: Scenario): string[] {
  return [...scenario.notes, ...notES5(scenario.steps), ...outOfReach(scenario), ...careless(scenario.steps)].map(
    (text) => `${scenario.trigger}: ${text}`,
  )
}

interface Piece {
  field: string
  code: string
  kind: 'expression' | 'action'
}

/** Everything in a step that the bot evaluates. */
export function codeOf(step: Step): Piece[] {
  const pieces: Piece[] = []
  const add = (field: string, code: string | undefined, kind: Piece['kind'] = 'expression') => {
    if (code) pieces.push({ field, code, kind })
  }
  for (const attachment of ('attachment' in step && step.attachment) || []) add('cardCode', attachment.cardCode)
  if ('visible' in step) add('visible', typeof step.visible === 'string' ? step.visible : undefined)
  if (step.type === 'statement' || step.type === 'prompt') add('text', step.text)
  if (step.type === 'prompt' && step.choiceType) add('dataType', step.dataType)
  if (step.type === 'branch' || step.type === 'switch') add('condition', step.condition)
  if (step.type === 'action') add('onInit', step.onInit, 'action')
  if (step.type === 'beginScenario' || step.type === 'replaceScenario') add('args', step.args)
  if (step.type === 'datasource') {
    for (const field of ['urlBase', 'urlPath', 'urlParams', 'headers', 'payload'] as const) add(field, step[field])
  }
  return pieces
}

function notES5(steps: Step[]): string[] {
  const found: string[] = []
  for (const step of steps) {
    for (const { field, code, kind } of codeOf(step)) {
      try {
        parse(kind === 'action' ? `(function () {${code}\n})` : `(${code}\n)`, { ecmaVersion: 5 })
      } catch (error) {
        found.push(`${told(step)}: \`${field}\` is not ES5: ${(error as Error).message}`)
      }
    }
  }
  return found
}

function outOfReach(scenario: Scenario): string[] {
  const reached = new Set<string>()
  const open = [scenario.steps[0]!.id]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const step = scenario.byId.get(id)
    if (!step || reached.has(id)) continue
    reached.add(id)
    open.push(...edges(step).map(({ to }) => to))
  }
  return scenario.steps.filter(({ id }) => !reached.has(id)).map((step) => `${told(step)}: nothing leads there`)
}

/** Where everything goes wrong that goes wrong in bots: no error step, patients in URLs and logs, secrets in the export. */
function careless(steps: Step[]): string[] {
  const found: string[] = []
  for (const step of steps) {
    const code = codeOf(step)
    if (code.some(({ code }) => /session\.(trace|log\w*)|console\./.test(code)))
      found.push(`${told(step)}: writes a log`)
    if (step.type !== 'datasource') continue
    if (!step.designer.errorStepId) found.push(`${told(step)}: has no error step`)
    if (step.method !== 'post') found.push(`${told(step)}: is no POST`)
    if (/scenario|conversation|user\./.test(`${step.urlBase}${step.urlPath}${step.urlParams}`)) {
      found.push(`${told(step)}: puts a variable into a URL`)
    }
    if (!/getEnv\(/.test(step.urlBase ?? '')) found.push(`${told(step)}: does not take its base URL from \`getEnv\``)
    if (!/"faults": "outcome"/.test(step.payload ?? ''))
      found.push(`${told(step)}: does not ask for faults as outcomes`)
  }
  return found
}
