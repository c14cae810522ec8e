// Every branch that one path after the other would leave out: each outcome of the contract at each call, each question
// answered with a stop or with nonsense, each argument that another scenario may give.
//
// The outcomes are those of the handler's own OpenAPI document, so a new one is missed by a test and not by a patient.

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'

import { choose, fill, isForm, press, send } from '../../headless/card.ts'
import type { Scripted } from '../../headless/play.ts'
import { between, isOnlyText, plays, start, type Call } from '../played.ts'
import { booked, day, details, on, somebody, soonest, toEastside } from './patients.ts'

/** A way through a scenario, and the calls that it makes: by their place among the calls of it. */
interface Path {
  name: string
  trigger: string
  answers(): Promise<Scripted[]>
  calls: { function: string; succeeds: string[]; nth: number; after: number }[]
}

const proof = (code: string, contact: string): Scripted[] => [
  fill({ 'Confirmation code': code, 'E-mail address, phone': contact }, 'Continue'),
]

let used = 0
/** A day that nothing else of these tests is on. */
function another(): number {
  used += 1
  return 100 + (used % 80)
}

const PATHS: Path[] = [
  {
    name: 'a booking',
    trigger: 'scheduling_book',
    answers: async () => [
      ...toEastside,
      choose('Check-up'),
      press('Dr. Watt'),
      soonest,
      choose(2),
      choose(1),
      details(somebody(), { 'Is this': 'Yes' }),
      press('Yes, book it'),
    ],
    calls: [
      { function: 'get-locations', succeeds: ['ok'], nth: 1, after: 2 },
      { function: 'get-slots', succeeds: ['ok'], nth: 1, after: 6 },
      { function: 'book', succeeds: ['preview', 'booked'], nth: 1, after: 9 },
      { function: 'book', succeeds: ['preview', 'booked'], nth: 2, after: 10 },
    ],
  },
  {
    name: 'a series',
    trigger: 'scheduling_two_dose',
    answers: async () => [
      ...toEastside,
      choose('Course'),
      press('Dr. Watt'),
      on(day(another())),
      choose(1),
      soonest,
      choose(1),
      choose(1),
      details(somebody()),
      press('Yes, book it'),
    ],
    calls: [
      { function: 'get-locations', succeeds: ['ok'], nth: 1, after: 2 },
      { function: 'get-slots', succeeds: ['ok'], nth: 1, after: 6 },
      { function: 'book', succeeds: ['preview', 'booked'], nth: 1, after: 11 },
      { function: 'book', succeeds: ['preview', 'booked'], nth: 2, after: 12 },
    ],
  },
  {
    name: 'a cancellation',
    trigger: 'scheduling_manage',
    answers: async () => {
      const date = another()
      const { code, email } = await booked('course', [day(date), day(date + 7)])
      return [...proof(code, email), press('Cancel it'), choose('Dose 2'), press('Yes, cancel')]
    },
    calls: [
      { function: 'get-appointment', succeeds: ['found'], nth: 1, after: 1 },
      { function: 'cancel', succeeds: ['preview', 'cancelled'], nth: 1, after: 3 },
      { function: 'cancel', succeeds: ['preview', 'cancelled'], nth: 2, after: 4 },
    ],
  },
  {
    name: 'a move',
    trigger: 'scheduling_manage',
    answers: async () => {
      const date = another()
      const { code, email } = await booked('course', [day(date), day(date + 7)])
      return [
        ...proof(code, email),
        press('Move it'),
        choose('Dose 2'),
        soonest,
        choose(1),
        choose(3),
        press('Yes, move it'),
      ]
    },
    calls: [
      { function: 'get-slots', succeeds: ['ok'], nth: 1, after: 4 },
      { function: 'reschedule', succeeds: ['preview', 'rescheduled'], nth: 1, after: 6 },
      { function: 'reschedule', succeeds: ['preview', 'rescheduled'], nth: 2, after: 7 },
    ],
  },
]

/** What a reply of this outcome has at the least. */
function reply(outcome: string) {
  return {
    outcome,
    say: 'The clinic says so.',
    text: 'The clinic says so.',
    fields: [{ name: 'patient.email', reason: 'invalid', text: 'The clinic says so.', options: [] }],
    wayOn: { phone: null, bookingPage: null, handoff: true, retryAfterSeconds: null },
    taken: [1],
    alternatives: [],
    days: [],
    slots: [],
    locations: [],
    appointments: [],
    menus: {},
  }
}

/** Answers the nth call of a function in the handler's place. */
function instead(function_: string, nth: number, answer: () => unknown) {
  let count = 0
  return between(({ function: name }: Call) => (name === function_ && ++count === nth ? answer() : undefined))
}

/** The outcomes of every function, by the contract. */
async function contract(url: string): Promise<Map<string, string[]>> {
  const document = (await (await fetch(`${url}/api/openapi.json`)).json()) as any
  const resolved = (schema: any): any =>
    schema?.$ref ? document.components.schemas[schema.$ref.split('/').pop()] : schema
  const outcomes = (schema: any): string[] => {
    const { oneOf = [], anyOf = [], allOf = [], properties } = resolved(schema) ?? {}
    const own = resolved(properties?.outcome)
    return [...(own?.enum ?? (own?.const ? [own.const] : [])), ...[...oneOf, ...anyOf, ...allOf].flatMap(outcomes)]
  }
  const functions = Object.entries(document.paths).map(([path, item]: [string, any]): [string, string[]] => {
    const schema = item.post?.responses?.['200']?.content?.['application/json']?.schema
    return [path.replace(/.*\//, ''), schema ? [...new Set(outcomes(schema))] : []]
  })
  return new Map(functions)
}

describe('every branch', () => {
  let url: string

  before(async () => {
    url = (await start()).url
  })

  for (const path of PATHS) {
    test(`${path.name}: every outcome of every call says something, and leads on`, async () => {
      const outcomes = await contract(url)
      for (const { function: function_, succeeds, nth, after } of path.calls) {
        const known = outcomes.get(function_)!
        for (const one of succeeds) assert.ok(known.includes(one), `${function_}: ${one} is none of ${known}`)
        for (const outcome of [...known, 'unavailable', 'moonrise'].filter((one) => !succeeds.includes(one))) {
          const answers = (await path.answers()).slice(0, after)
          const played = await plays(path.trigger, answers, {
            http: instead(function_, nth, () => reply(outcome)),
            unfinished: true,
          })
          const told = `${path.name}, ${function_} ${nth}, ${outcome}:\n${played.transcript}`
          const last = played.prompts.at(-1) ?? played.messages.at(-1)
          assert.ok(played.end === 'unanswered' || played.messages.length > 0, told)
          assert.ok(last && last.text.length > 0, told)
          if (outcome === 'moonrise') assert.match(played.transcript, /do not understand/, told)
        }
        const failing = instead(function_, nth, () => {
          throw new Error('connection refused')
        })
        const played = await plays(path.trigger, [...(await path.answers()).slice(0, after), press('Stop here')], {
          http: failing,
        })
        assert.match(played.transcript, /cannot reach the calendar/)
      }
    })

    test(`${path.name}: every question can be stopped, and is asked again until the third time`, async () => {
      const { length } = await path.answers()
      for (let at = 0; at < length; at++) {
        const before = (await path.answers()).slice(0, at)
        const stopped = await plays(path.trigger, [...before, '0'])
        assert.match(stopped.transcript, /I am here when you need me/, stopped.transcript)
        // Who types beside a form is asked field by field, as with text messages.
        if (isForm(stopped.prompts.at(-1)!)) continue
        const again = (await path.answers()).slice(0, at)
        const lost = await plays(path.trigger, [...again, 'what?', 'hm', 'well', press('Stop here')])
        assert.match(lost.transcript, /Let us see how you can go on/, lost.transcript)
      }
    })
  }

  test('each question as text can be stopped too, and is asked again until the third time', async () => {
    const sms = { channel: 'sms' } as const
    const { code, email } = await booked('course', [day(90), day(97)])
    const paths: [string, string[]][] = [
      ['scheduling_book', ['1', '98052', '1', '4', '1', day(91), '1', '1', 'Pat Doe', 'pat@example.org', '1', '-']],
      [
        'scheduling_two_dose',
        ['1', '98052', '1', '2', '1', day(91), '1', '1', '1', '1', '1', '1', 'Pat Doe', 'pat2@example.org'],
      ],
      ['scheduling_manage', [code, email, '1', '2', '1', '1', '1', '1']],
      ['scheduling_manage', [code, email, '2', '2']],
    ]
    for (const [trigger, answers] of paths) {
      for (let at = 0; at <= answers.length; at++) {
        const before = answers.slice(0, at)
        const stopped = await plays(trigger, [...before, '0'], sms)
        isOnlyText(stopped)
        // A text is asked for again only when there is none; `-` is none, and leaves out what may be left out.
        const question = stopped.prompts.at(-1)!.text
        const nonsense = /reply with a number/.test(question) ? 'what?' : '-'
        if (/leave it out|as 2027/.test(question)) continue
        const lost = await plays(trigger, [...before, nonsense, nonsense, nonsense, '0'], sms)
        assert.match(lost.transcript, /Let us see how you can go on/, lost.transcript)
      }
    }
  })

  test('another scenario may say for whom, where and what for', async () => {
    const args = { whom: 'me', locationId: 'embedded:eastside', serviceId: 'flu', channel: 'webchat', locale: 'en-US' }
    const played = await plays(
      'scheduling_book',
      [on(day(92)), choose(1), details(somebody()), press('Yes, book it')],
      { args },
    )
    assert.match(played.transcript, /You're booked/)
  })

  test('every way on leads where it says', async () => {
    const failing = (function_: string, nth: number) => {
      let count = 0
      return between(({ function: name }) => {
        if (name === function_ && ++count === nth) throw new Error('connection refused')
      })
    }
    for (const path of PATHS) {
      for (const { function: function_, nth, after } of path.calls) {
        const answers = await path.answers()
        const again = [...answers.slice(0, after), press('Try again'), ...answers.slice(after)]
        await plays(path.trigger, again, { http: failing(function_, nth), unfinished: true })
      }
    }
    const refused = instead('book', 1, () => reply('notEligible'))
    const series = (await PATHS[1]!.answers()).slice(0, 11)
    await plays('scheduling_two_dose', [...series, press('Change my details'), press('Stop here')], { http: refused })
    const changed = (await PATHS[1]!.answers()).slice(0, 11)
    await plays('scheduling_two_dose', [
      ...changed,
      press('Change my details'),
      details(somebody()),
      press('Choose another time'),
      press('Stop here'),
    ])
    await plays('scheduling_two_dose', [
      ...toEastside,
      press('Another clinic'),
      press('Look somewhere else'),
      press('Stop here'),
    ])
    await plays('scheduling_two_dose', [
      ...toEastside,
      press('Course'),
      press('Dr. Watt'),
      soonest,
      press('Another day'),
      press('Stop here'),
    ])
    const { code, email } = await booked('flu', [day(93)])
    await plays('scheduling_manage', [
      ...proof(code, email),
      press('Move it'),
      soonest,
      press('Another day'),
      press('Stop here'),
    ])
    const taken = instead('reschedule', 1, () => reply('notBookable'))
    await plays(
      'scheduling_manage',
      [
        ...proof(code, email),
        press('Move it'),
        on(day(94)),
        choose(1),
        press('Choose another time'),
        press('Stop here'),
      ],
      { http: taken },
    )
    const down = instead('get-locations', 1, () => reply('unavailable'))
    await plays('scheduling_link', [press('Try again')], { http: down })
  })

  test('a way on that is not understood', async () => {
    for (const trigger of ['scheduling_book', 'scheduling_two_dose', 'scheduling_manage', 'scheduling_menu']) {
      const lost = ['what?', 'hm', 'well']
      const first = trigger === 'scheduling_manage' ? ['-', '-', '-'] : lost
      const played = await plays(trigger, [...first, ...lost, '0'], { channel: 'sms' })
      assert.match(played.transcript, /Let us see how you can go on[^]*Let us see how you can go on/)
    }
  })

  test('a card that is not filled in is asked for again until the third time', async () => {
    const empty = send({}, 'Continue')
    await plays('scheduling_manage', [empty, empty, empty, press('Stop here')])
  })
})
