// A patient who presses what is long past, and presses twice. See walk.ts for what has to hold.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { inputsOf, type Element } from '../engine/card.ts'
import type { Prompt } from '../engine/prompt.ts'
import type { Scenario } from '../engine/read.ts'
import type { Answer } from '../engine/prompt.ts'
import { choose, fill, press } from '../headless/card.ts'
import { play, stringsFor, type Scripted } from '../headless/play.ts'
import { booked, day, somebody } from './headless/patients.ts'
import { scenarios, start, stop } from './played.ts'
import { table, walk, type Move, type Walk, type Walked } from './walk.ts'

before(() => start('small-clinic.toml'))
after(stop)

let used = 0
/** A day that no other conversation of these tests is on. */
function another(): number {
  used += 1
  return 60 + (used % 70)
}

const move = (name: string, answer: Move['answer'], meets?: unknown): Move => ({ name, answer, meets })

/** An appointment of one dose, or of two. */
async function proof(prompt: Prompt, doses: number) {
  const date = another()
  const made = await (doses === 1 ? booked('flu', [day(date)]) : booked('vaccine', [day(date), day(date + 21)]))
  return fill({ 'Confirmation code': made.code, 'E-mail address, phone': made.email }, 'Continue')(prompt)
}

function details(prompt: Prompt, more: Record<string, string> = {}) {
  const who = somebody()
  const given: Record<string, string> = {}
  for (const input of inputsOf(prompt.cards[0] as Element)) {
    const { label = '', choices, style, type } = input
    if (choices) given[label] = choices[0]!.title
    else if (type === 'Input.Toggle') given[label] = 'yes'
    else if (type === 'Input.Date') given[label] = more.birthDate ?? '1980-05-31'
    else if (style === 'Email') given[label] = more.email ?? who.email
    else if (/name/.test(label)) given[label] = who.name
  }
  return fill(given, 'Continue')(prompt)
}

function forms(prompt: Prompt): Move[] {
  if (prompt.cards.length === 0) return [move('a word', () => ({ text: 'word' }))]
  const has = (label: string) => JSON.stringify(prompt.cards).includes(`"label":"${label}`)
  if (has('Postal code')) {
    return [
      move('near 98052', fill({ 'Postal code': '98052' }, 'Continue')),
      move('nowhere', fill({ 'Postal code': '00000' }, 'Continue')),
      move('a lost reply', fill({ 'Postal code': '98052' }, 'Continue'), 'no answer'),
    ]
  }
  if (has('Confirmation code')) {
    return [
      move('one appointment', (now) => proof(now, 1)),
      { ...move('a series', (now) => proof(now, 2)), kind: 'of a series' },
      move(
        'a wrong code',
        fill({ 'Confirmation code': 'AAAAA-AAAAA', 'E-mail address, phone': 'a@example.org' }, 'Continue'),
      ),
      move('beside the card', () => ({ text: 'hello' })),
    ]
  }
  return [
    move('beside the card', () => ({ text: 'hello' })),
    move('details', (now) => details(now)),
    move('details that will not do', (now) => details(now, { email: 'pat at example' })),
    move('too young', (now) => details(now, { birthDate: day(-400) })),
  ]
}

const TAKEN = {
  outcome: 'slotTaken',
  taken: [1],
  say: 'That time is no longer free.',
  text: 'That time is no longer free.',
  alternatives: [],
  menus: {},
  wayOn: { handoff: true },
}

function others(prompt: Prompt): Move[] {
  const titles = JSON.stringify(prompt.cards)
  const yes = /Yes, (book it|cancel|move it)/.exec(titles)?.[0]
  return [
    ...['nonsense', 'nonsense again', 'nonsense a third time'].map((name) => move(name, () => ({ text: 'what?' }))),
    ...(prompt.text.includes('What is it for?')
      ? ['Vaccine', 'Flu', 'Check-up']
          .filter((service) => titles.includes(`"title":"${service}`))
          .map((service) => ({ ...move(service, choose(service)), kind: service }))
      : []),
    ...(yes
      ? [
          move(`${yes}, whose reply is lost`, press(yes), 'no answer'),
          move(`${yes}, but somebody was faster`, press(yes), TAKEN),
        ]
      : []),
  ]
}

async function walked(trigger: string, more: Pick<Walk, 'enough' | 'meets'>, of = scenarios): Promise<Walked> {
  const { url } = await start()
  return walk({ scenarios: of, url, trigger, forms, others, longest: 25, ...more })
}

/** The questions, by their steps, that were not come to; the booking page asks only when something fails. */
function unasked({ questions }: Walked): string[] {
  const all = [...scenarios.values()].flatMap(({ trigger, steps }) =>
    steps.flatMap((step) => (step.type === 'prompt' && step.dataType === 'object' ? `${trigger}/${step.label}` : [])),
  )
  return all.filter((step) => !questions.some(({ name }) => name.startsWith(`${step}:`)))
}

const SOAK = process.env.SOAK === '1'

describe('a restless patient', () => {
  test('presses all that is old, at every question, and nothing comes of it', async () => {
    const found = await walked('scheduling_menu', {
      enough: (far) => !SOAK && far.conversations >= 45 && unasked(far).length <= 1,
    })
    const link = await walked('scheduling_link', { enough: () => false, meets: 'no answer' })
    console.log(table(found))
    assert.deepEqual([...found.violations, ...link.violations], [])
    assert.deepEqual(unasked(found), ['scheduling_link/Way on card'])
    assert.deepEqual([...new Set(link.questions.map(({ name }) => name.replace(/:.*/, '')))], unasked(found))
  })

  test('an old yes is none for a new preview; without the guard it would be one', async () => {
    assert.equal(await writtenByAnOldYes(scenarios), 0)
    assert.equal(await writtenByAnOldYes(unguarded()), 1)
    const { violations } = await walked(
      'scheduling_manage',
      { enough: ({ conversations }) => conversations === 3 },
      unguarded(),
    )
    console.log(`without the guard, the walk finds ${violations.length} rules broken, such as: ${violations[0]}`)
    assert.notEqual(violations.length, 0)
  })
})

/** Chooses another time at the preview, and presses the yes of the first at the second. How many bookings that makes. */
async function writtenByAnOldYes(of: ReadonlyMap<string, Scenario>): Promise<number> {
  const { url } = await start()
  const onDay = (date: string) => fill({ 'On a certain day': date }, 'Continue')
  let yes: Answer | undefined
  const answers: Scripted[] = [
    onDay(day(50)),
    choose(1),
    (prompt) => details(prompt),
    (prompt) => {
      yes = press('Yes, book it')(prompt)
      return press('Choose another time')(prompt)
    },
    onDay(day(51)),
    choose(1),
    () => yes!,
  ]
  const played = await play({
    scenarios: of,
    trigger: 'scheduling_book',
    args: { whom: 'me', locationId: 'embedded:eastside', serviceId: 'flu' },
    env: { schedulingBaseUrl: url, schedulingFunctionKey: 'unused', schedulingCountry: 'US' },
    strings: stringsFor('en-US'),
    answers,
  })
  assert.deepEqual(played.problems, [])
  return played.events.filter(
    (event) =>
      event.type === 'request' && event.request.url.endsWith('/book') && !(event.request.payload as any).preview,
  ).length
}

/** The scenarios, without looking which question it is that was answered. */
function unguarded(): Map<string, Scenario> {
  const open = [...scenarios].map(([trigger, scenario]): [string, Scenario] => {
    const steps = scenario.steps.map((step) =>
      step.type === 'action'
        ? { ...step, onInit: step.onInit.replace('return card.question !== scenario.asked.id;', 'return false;') }
        : step,
    )
    return [trigger, { ...scenario, steps, byId: new Map(steps.map((step) => [step.id, step])) }]
  })
  return new Map(open)
}
