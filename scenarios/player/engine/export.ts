// A scenario export as the bot's portal writes it: an envelope, and in it, as a text, the steps.

export interface Envelope {
  name: string
  id?: string
  scenario_trigger: string
  description: string
  active?: boolean
  updated?: string
  userDisplayName?: string
  /** JSON in a text: `Code`. */
  code: string
}

export interface Code {
  version: number
  steps: Step[]
  interrupting?: boolean
  breaking?: boolean
  returningMessage?: string
}

export interface Designer {
  xLocation: number
  yLocation: number
  /** Where it goes on: after success, when a condition is false, when no case fits. Without it the scenario ends. */
  next?: string
  /** Where a failed data connection goes on. */
  errorStepId?: string
  listStyle?: number
  reverse?: boolean
}

interface Common {
  id: string
  label?: string
  designer: Designer
}

export interface Attachment {
  type: string
  /** A JavaScript object literal, not JSON. */
  cardCode?: string
}

interface Shown {
  text?: string
  stringId?: string
  visible?: string
  attachment?: Attachment[]
  layout?: string
  markdown?: boolean
}

export interface Statement extends Common, Shown {
  type: 'statement'
  entity?: string
}

export interface Prompt extends Common, Shown {
  type: 'prompt'
  /** `string`, `number`, `object`, or an expression for the choices. */
  dataType: string
  variable: string
  choiceType?: 'choice' | 'multi-choice'
  submitTitle?: string
  suggestions?: string
}

export interface Branch extends Common {
  type: 'branch'
  condition: string
  targetStepId: string
}

export interface Switch extends Common {
  type: 'switch'
  condition: string
  cases: { value: string; targetStepId: string }[]
}

export interface Action extends Common {
  type: 'action'
  onInit: string
  visible?: string | boolean
  async?: boolean
}

export interface AssignVariable extends Common {
  type: 'assignVariable'
  scope: 'scenario' | 'conversation'
  operation: 'set' | 'incrementBy'
  variable: string
  value: string
}

export interface DataSource extends Common {
  type: 'datasource'
  dataConnection: string
  authenticationProvider?: string
  urlBase?: string
  urlPath: string
  urlParams: string
  method: string
  contentType?: string
  headers: string
  payload?: string
  opJson: boolean
  opResolveWithFullResponse: boolean
  response: string
  error?: string
  fhirAction?: string
  fhirResource?: string
}

export interface BeginScenario extends Common {
  type: 'beginScenario'
  scenario: string
  args?: string
}

export interface ReplaceScenario extends Common {
  type: 'replaceScenario'
  scenario: string
  args?: string
}

export interface Wait extends Common {
  type: 'wait'
  /** Milliseconds. */
  time: string
}

export interface EndWithResult extends Common {
  type: 'endwithresult'
  endScope: string
  returnValue: string
}

export type Step =
  | Statement
  | Prompt
  | Branch
  | Switch
  | Action
  | AssignVariable
  | DataSource
  | BeginScenario
  | ReplaceScenario
  | Wait
  | EndWithResult

/** An edge of the flow, and what takes it. */
export interface Edge {
  from: string
  to: string
  /** Empty where a step just goes on. */
  when: string
  kind: 'next' | 'true' | 'false' | 'case' | 'error'
}

/** All edges that leave a step. */
export function edges(step: Step): Edge[] {
  const from = step.id
  const { next, errorStepId } = step.designer
  const all: Edge[] = []
  if (step.type === 'branch') {
    all.push({ from, to: step.targetStepId, when: 'yes', kind: 'true' })
    if (next) all.push({ from, to: next, when: 'no', kind: 'false' })
  } else if (step.type === 'switch') {
    for (const { value, targetStepId } of step.cases) all.push({ from, to: targetStepId, when: value, kind: 'case' })
    if (next) all.push({ from, to: next, when: 'else', kind: 'false' })
  } else if (next) {
    all.push({ from, to: next, when: '', kind: 'next' })
  }
  if (errorStepId) all.push({ from, to: errorStepId, when: 'fails', kind: 'error' })
  return all
}
