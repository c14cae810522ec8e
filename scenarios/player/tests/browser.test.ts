// The page in a browser, as the handler serves it: used by mouse, by keyboard, on a phone, by text, and by those who mean no
// good. See page.ts for what every test looks at besides.

import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'

import type { Page, Request } from 'playwright-core'

import { fill } from '../headless/card.ts'
import { stringsFor } from '../headless/play.ts'
import {
  answered,
  codeIn,
  cut,
  DESKTOP,
  dropped,
  ends,
  exported,
  flaws,
  hears,
  keyboard,
  load,
  mouse,
  number,
  onPage,
  origin,
  PHONE,
  question,
  reply,
  said,
  script,
  SEND_BOX,
  shot,
  start,
  stop,
  tabTo,
  TRANSCRIPT,
  type Hand,
} from './page.ts'

before(start)
after(stop)

// --- from the menu to the confirmation code, and back

type Texts = (id: string) => string

/** Of our table, and what the clinic calls its services. */
function texts(locale: 'en-US' | 'es-ES'): Texts {
  const strings = stringsFor(locale)
  const clinic: Record<string, string> =
    locale === 'es-ES'
      ? {
          vaccine: 'Vacuna contra la COVID-19',
          checkup: 'Chequeo médico',
          firstVisit: '¿Es su primera visita?',
          no: 'No',
        }
      : { vaccine: 'COVID-19 vaccine', checkup: 'Check-up', firstVisit: 'Is this your first visit?', no: 'No' }
  return (id) => clinic[id] ?? String(strings[`scheduling/${id}`])
}

const ENGLISH = texts('en-US')

let people = 0
/** Somebody new each time: how many bookings one person may have is limited. */
function somebody() {
  people += 1
  return { name: `Pat Doe ${people}`, email: `pat${people}@example.org` }
}

let days = 0
/** A day from Monday to Thursday, which no other test is on: on holidays the clinic is closed. */
function another(): string {
  const day = new Date()
  day.setUTCDate(day.getUTCDate() - day.getUTCDay() + 8 + 7 * Math.floor(days / 4) + (days % 4))
  days += 1
  return day.toISOString().slice(0, 10)
}

interface Patient {
  page: Page
  hand: Hand
  t: Texts
  /** Looks at the newest question. */
  seen(stage: string): Promise<void>
}

/** For themselves, at the Eastside Clinic. */
async function toEastside({ hand, t, seen }: Patient, kind: 'bookOne' | 'bookTwo') {
  await hand.press(t(kind))
  await hand.press(t('me'))
  await hand.fill(t('postalCode'), '98052')
  await seen('place')
  await hand.press(t('submit'))
  await seen('clinics')
  await hand.press(`${t('bookAt')} Eastside`)
  await seen('service')
}

async function on({ hand, t, seen }: Patient, date: string) {
  await hand.fill(t('day'), date)
  await seen('when')
  await hand.press(t('submit'))
  await seen('time')
}

/** What is asked when all is done. */
async function done({ page, t, seen }: Patient, stage: string) {
  await question(page).then((asked) => asked.filter({ hasText: t('anythingElse') }).waitFor())
  await seen(stage)
}

/** Books a check-up, and says with which code and contact. */
async function bookOne(patient: Patient) {
  const { page, hand, t, seen } = patient
  const who = somebody()
  await toEastside(patient, 'bookOne')
  await hand.choose(t('checkup'))
  await hand.press('Dr. Watt')
  await on(patient, another())
  await hand.choose(3)
  await hand.fill(t('name'), who.name)
  await hand.fill(t('email'), who.email)
  await hand.fill(t('firstVisit'), t('no'))
  await seen('questions')
  await hand.press(t('submit'))
  await seen('preview')
  await hand.press(t('sureBook'))
  await done(patient, 'booked')
  return { ...who, code: await codeIn(page) }
}

/** Books two doses. */
async function bookTwo(patient: Patient) {
  const { page, hand, t, seen } = patient
  const who = somebody()
  await toEastside(patient, 'bookTwo')
  await hand.choose(t('vaccine'))
  await on(patient, another())
  await hand.choose(2)
  await hand.fill(t('orWhen'), t('soonest'))
  await hand.press(t('submit'))
  await seen('days')
  await hand.choose(2)
  await seen('times')
  await hand.choose(2)
  await hand.fill(t('name'), who.name)
  await hand.fill(t('birthDate'), '1980-05-31')
  await hand.fill(t('email'), who.email)
  await hand.fill(t('agree'), 'yes')
  await seen('consent')
  await hand.press(t('submit'))
  await seen('preview-of-both')
  await hand.press(t('sureBook'))
  await done(patient, 'both-booked')
  return { ...who, code: await codeIn(page) }
}

async function find({ hand, t, seen }: Patient, { code, email }: { code: string; email: string }) {
  await hand.press(t('manage'))
  await hand.fill(t('code'), code)
  await hand.fill(t('contact'), email)
  await seen('find')
  await hand.press(t('submit'))
  await seen('found')
}

async function moveIt(patient: Patient, booking: { code: string; email: string }) {
  const { hand, t, seen } = patient
  await find(patient, booking)
  await hand.press(t('move'))
  await on(patient, another())
  await hand.choose(1)
  await seen('sure-to-move')
  await hand.press(t('sureMove'))
  await done(patient, 'moved')
}

/** Cancels all doses of it. */
async function cancelAll(patient: Patient, booking: { code: string; email: string }) {
  const { hand, t, seen } = patient
  await find(patient, booking)
  await hand.press(t('cancel'))
  await seen('which')
  await hand.press(t('allOfThem'))
  await seen('sure-to-cancel')
  await hand.press(t('sureCancel'))
  await done(patient, 'cancelled')
}

const WINDOWS = { 'a wide window': DESKTOP, 'a phone': PHONE }
const LANGUAGES = { English: 'en-US', Spanish: 'es-ES' } as const

describe('every scenario is played to its end', { concurrency: 2 }, () => {
  for (const [language, locale] of Object.entries(LANGUAGES)) {
    for (const [where, viewport] of Object.entries(WINDOWS)) {
      const dark = (language === 'English') === (where === 'a phone')

      test(`in ${language}, in ${where}`, () =>
        onPage({ viewport, colorScheme: dark ? 'dark' : 'light' }, async (page) => {
          const t = texts(locale)
          if (locale !== 'en-US') await inLanguage(page, locale, viewport === PHONE)
          const wrong: string[] = []
          let looked = 0
          const seen = async (stage: string) => {
            await question(page)
            looked += 1
            for (const flaw of [...(await cut(page)), ...(await dropped(page))]) wrong.push(`${stage}: ${flaw}`)
            await shot(page, `${locale}-${viewport.width}-${String(looked).padStart(2, '0')}-${stage}`)
          }
          const patient = { page, hand: locale === 'en-US' ? mouse(page) : script(page), t, seen }
          await seen('menu')
          const one = await bookOne(patient)
          const two = await bookTwo(patient)
          await moveIt(patient, one)
          await cancelAll(patient, two)
          await patient.hand.press(t('usePage'))
          await done(patient, 'page')
          await patient.hand.press(t('person'))
          await ends(page)
          wrong.push(...(await cut(page)), ...(await dropped(page)), ...(await flaws(page)))
          await shot(page, `${locale}-${viewport.width}-${looked + 1}-person`)
          assert.deepEqual(wrong, [])
          assert.equal(await page.locator('#problems li').count(), 0)
        }))
    }
  }

  test('by keyboard alone', () =>
    onPage({}, async (page) => {
      const patient = { page, hand: keyboard(page), t: ENGLISH, seen: () => shot(page, 'keyboard') }
      await cancelAll(patient, await bookTwo(patient))
      await patient.hand.press(ENGLISH('stop'))
      await ends(page)
      await page.keyboard.press('Escape')
      await tabTo(page, page.locator('#ended button'))
      await page.keyboard.press('Enter')
      await question(page)
    }))
})

async function inLanguage(page: Page, locale: 'en-US' | 'es-ES', small: boolean): Promise<void> {
  if (small) await page.getByRole('button', { name: 'Settings' }).click()
  await page.locator('#locale').selectOption(locale)
  if (small) await page.getByRole('button', { name: 'Settings' }).click()
  await hears(page, texts(locale)('welcome'))
}

// --- restless patients

/** With --soak at every question; else at those where most can go wrong. */
const SOAK = process.env.SOAK === '1'

describe('a restless patient, who presses all the buttons of old cards once and twice', { concurrency: 2 }, () => {
  test('books one appointment', () =>
    restless(async (patient, fidget, writes) => {
      await bookOne({ ...patient, seen: (stage) => fidget(stage, ['service', 'preview']) })
      assert.deepEqual(writes, ['book'])
    }))

  test('books two doses, and cancels both', () =>
    restless(async (patient, fidget, writes) => {
      const booking = await bookTwo({ ...patient, seen: (stage) => fidget(stage, ['preview-of-both']) })
      assert.deepEqual(writes, ['book'])
      await startOver(patient.page)
      await cancelAll({ ...patient, seen: (stage) => fidget(stage, ['which', 'sure-to-cancel']) }, booking)
      assert.deepEqual(writes, ['book', 'cancel'])
    }))
})

type Fidget = (stage: string, stages: string[]) => Promise<void>

async function restless(use: (patient: Patient, fidget: Fidget, writes: string[]) => Promise<void>): Promise<void> {
  await onPage({}, async (page) => {
    const writes: string[] = []
    page.on('request', (request) => writes.push(...written(request)))
    const fidget: Fidget = async (stage, stages) => {
      if (!SOAK && !stages.includes(stage)) return
      const titles = () => question(page).then((asked) => asked.getByRole('button').allInnerTexts())
      const before = [await titles(), writes.length] as const
      const at = await number(page)
      const pressed = await page.evaluate((transcript) => {
        // Of what was asked again and again, the first card and the last.
        const cards = new Map<string, Element>()
        for (const card of [...document.querySelectorAll(`${transcript} .ac-adaptiveCard`)].slice(0, -1)) {
          const key = card.textContent
          cards.set(cards.has(key) ? `${key} again` : key, card)
        }
        let pressed = 0
        for (const card of cards.values()) {
          for (const button of card.querySelectorAll<HTMLElement>('.ac-pushButton:not([role=link])')) {
            for (let times = 0; times < 3; times++) button.click()
            pressed += 1
          }
        }
        return pressed
      }, TRANSCRIPT)
      console.log(`${stage}: ${pressed} buttons, each pressed once and twice`)
      if (pressed === 0) return
      const asked = await question(page, at)
      assert.ok((await asked.innerText()).includes(ENGLISH('late')), await asked.innerText())
      assert.deepEqual([await titles(), writes.length], before)
      await shot(page, `restless-${stage}`)
    }
    await use({ page, hand: script(page), t: ENGLISH, seen: async () => {} }, fidget, writes)
  })
}

/** What a request writes into a calendar. */
function written(request: Request): string[] {
  const name = /\/api\/(book|cancel|reschedule)$/.exec(request.url())?.[1]
  return name && !request.postData()?.includes('"preview":true') ? [name] : []
}

async function startOver(page: Page): Promise<void> {
  await page.locator('#start-over').click()
  await page.locator('#chat[data-asks="1"]').waitFor()
}

// --- what a press posts

const inputs = {
  text: { type: 'Input.Text', id: 'text', label: 'Text', placeholder: 'Text' },
  date: { type: 'Input.Date', id: 'date', label: 'Date', placeholder: 'Date' },
  time: { type: 'Input.Time', id: 'time', label: 'Time', placeholder: 'Time' },
  number: { type: 'Input.Number', id: 'number', label: 'Number', placeholder: 'Number' },
  toggle: { type: 'Input.Toggle', id: 'toggle', title: 'Toggle', label: 'On or off' },
  bare: { type: 'Input.Toggle', id: 'bare', title: 'Bare', label: 'Or nothing', valueOn: 'yes', valueOff: '' },
  compact: { type: 'Input.ChoiceSet', id: 'compact', label: 'Compact', style: 'compact', placeholder: 'Choose' },
  expanded: { type: 'Input.ChoiceSet', id: 'expanded', label: 'Expanded', style: 'expanded', wrap: true },
  several: { type: 'Input.ChoiceSet', id: 'several', label: 'Several', style: 'expanded', isMultiSelect: true },
}
const choices = ['One', 'Two', 'Three'].map((title) => ({ title, value: title.toLowerCase() }))
const ALL = Object.values(inputs).map((input) => (input.type === 'Input.ChoiceSet' ? { ...input, choices } : input))
const required = { isRequired: true, errorMessage: 'Please' }
const go = (more: object = {}) => ({ type: 'Action.Submit', title: 'Go', ...more })

interface Press {
  body: object[]
  action?: object
  fields?: Record<string, string>
}

const PRESSES: Record<string, Press> = {
  'nothing filled in, no data': { body: ALL },
  'all filled in': {
    body: ALL,
    action: go({ data: { pressed: 'go', text: 'not this' } }),
    fields: {
      Text: 'words, and "more"',
      Date: '2026-12-24',
      Time: '13:30',
      Number: '7',
      Toggle: 'on',
      Bare: 'on',
      Compact: 'Two',
      Expanded: 'Three',
      Several: 'One, Three',
    },
  },
  'filled in beforehand': {
    body: [
      { ...inputs.text, value: 'before' },
      { ...inputs.toggle, value: 'true' },
    ],
  },
  'no inputs, no data': { body: [] },
  'data that is an object': { body: [], action: go({ data: { pressed: 'x', deep: { list: [1, null] } } }) },
  // Beside an input Web Chat fails with it, and posts nothing.
  'data that is a text': { body: [], action: go({ data: 'spoken' }) },
  'inputs left out': {
    body: [{ ...inputs.text, ...required }],
    action: go({ data: { pressed: 'stop' }, associatedInputs: 'none' }),
  },
  'required and empty': { body: [{ ...inputs.text, ...required }] },
  'required and not ticked': { body: [{ ...inputs.bare, ...required }] },
  'required and not chosen': { body: [{ ...inputs.expanded, choices, ...required }] },
  'a day too early': { body: [{ ...inputs.date, min: '2026-12-01' }], fields: { Date: '2026-11-30' } },
  'a day too late': { body: [{ ...inputs.date, max: '2026-12-01' }], fields: { Date: '2026-12-02' } },
  'a day just right': {
    body: [{ ...inputs.date, min: '2026-12-01', max: '2026-12-01' }],
    fields: { Date: '2026-12-01' },
  },
  'a number too small': { body: [{ ...inputs.number, min: 3 }], fields: { Number: '2' } },
  'a text that does not fit': { body: [{ ...inputs.text, regex: '^\\d+$' }], fields: { Text: 'x' } },
}

test('a press posts what it posts in the headless player', () =>
  onPage({}, async (page) => {
    const cards = Object.values(PRESSES).map(({ body, action = go() }) => ({ body, actions: [action] }))
    const asks = cards.map(({ body, actions }, index) => ({
      type: 'prompt',
      dataType: 'object',
      text: `Question ${index}`,
      attachment: [card(body, actions)],
      variable: `v${index}`,
    }))
    const all = cards.map((_, index) => `scenario.v${index}`).join()
    await load(page, 'presses', [...asks, { type: 'statement', text: `JSON.stringify([${all}])`, markdown: false }])
    const hand = script(page)
    const headless: unknown[] = []
    for (const [index, { fields = {} }] of Object.values(PRESSES).entries()) {
      const posts = inTheTerminal(cards[index]!, fields)
      headless.push(posts)
      await question(page).then((asked) => asked.filter({ hasText: `Question ${index}` }).waitFor())
      for (const [label, value] of Object.entries(fields)) await hand.fill(label, value)
      await (await question(page)).getByRole('button', { name: 'Go' }).click()
      // Had something been posted, this would be the answer to the next question.
      if (posts === NOTHING) await reply(page, NOTHING)
    }
    await ends(page)
    const posted = JSON.parse(await page.locator(`${TRANSCRIPT} .webchat__text-content--is-plain`).last().innerText())
    const names = Object.keys(PRESSES)
    const byName = (values: unknown[]) => Object.fromEntries(names.map((name, index) => [name, values[index]]))
    assert.deepEqual(byName(posted), byName(headless))
    await shot(page, 'presses')
  }))

const NOTHING = 'nothing was posted'

/** What the headless player makes of it. */
function inTheTerminal(
  { body, actions }: { body: object[]; actions: object[] },
  fields: Record<string, string>,
): unknown {
  const cards = [{ type: 'AdaptiveCard', version: '1.3', body, actions }]
  const prompt = {
    kind: 'card',
    text: '',
    cards,
    layout: 'vertical',
    markdown: true,
    titles: [],
    submitTitle: '',
  } as const
  try {
    const { text, data } = fill(fields, 'Go')({ ...prompt, titles: [] })
    return data ?? text
  } catch (error) {
    assert.match(String(error), /posts nothing/)
    return NOTHING
  }
}

describe('as text messages', { concurrency: 2 }, () => {
  test('only text is shown, and numbers answer', () =>
    onPage({ viewport: PHONE }, async (page) => {
      await page.getByRole('button', { name: 'Settings' }).click()
      await page.getByLabel('Channel').selectOption('sms')
      await page.getByRole('button', { name: 'Settings' }).click()
      await hears(page, '1. Book an appointment')
      const { name, email } = somebody()
      const date = another()
      const answers = ['2', '1', '98052', '1', '1', date, '1', '3', '1', '1', '2', '2', name, '1980-05-31', email, '1']
      for (const answer of answers) await answered(page, answer)
      await shot(page, 'sms-1-preview')
      await answered(page, 'yes')
      await hears(page, ENGLISH('anythingElse'))
      await shot(page, 'sms-2-booked')
      const code = await codeIn(page)
      for (const answer of ['3', code, email, '2', '3', 'yes']) await answered(page, answer)
      await question(page).then((asked) => asked.filter({ hasText: ENGLISH('anythingElse') }).waitFor())
      await shot(page, 'sms-3-cancelled')
      assert.equal(await page.locator(`${TRANSCRIPT} :is(button, input, select, .ac-adaptiveCard)`).count(), 0)
      assert.equal(await page.locator('#problems li').count(), 0)
    }))

  test('it says where a card is left out, and what there is to choose from', () =>
    onPage({}, async (page) => {
      await page.getByLabel('Channel').selectOption('sms')
      await load(page, 'mixed', MIXED)
      await hears(page, 'which a text message cannot show')
      await hears(page, '2. Green')
      await answered(page, '2')
      await answered(page, '1, 3')
      await hears(page, 'Green, and Red Blue')
      await shot(page, 'sms-4-no-card')
      assert.equal(await page.locator(`${TRANSCRIPT} .ac-adaptiveCard`).count(), 0)
    }))
})

// --- exports of others

const card = (body: unknown[], actions: unknown[] = []) => ({
  type: 'AdaptiveCard',
  cardCode: JSON.stringify({ type: 'AdaptiveCard', version: '1.3', body, actions }),
})

const COLOURS = JSON.stringify(['Red', 'Green', 'Blue'])

/** A bit of everything. */
const MIXED = [
  {
    type: 'statement',
    text: '"**Colours**, as a list:\\n\\n- red\\n- [green](https://example.org/green)\\n\\n| a | b |\\n|:-:|--:|\\n| 1 | 2 |"',
    layout: 'carousel',
    attachment: ['One', 'Two', 'Three'].map((text) =>
      card([{ type: 'TextBlock', text: `**${text}**`, size: 'Large', wrap: true }]),
    ),
  },
  { type: 'prompt', text: 'Which one?', dataType: COLOURS, choiceType: 'choice', variable: 'one' },
  {
    type: 'prompt',
    text: 'Which of them?',
    dataType: COLOURS,
    choiceType: 'multi-choice',
    submitTitle: 'These',
    variable: 'some',
  },
  {
    type: 'statement',
    text: '`${scenario.one.entity}, and ${scenario.some.map(function (one) { return one.entity }).join(" ")}`',
  },
]

describe('an export of somebody else', { concurrency: 2 }, () => {
  test('is played, with choices as buttons and as boxes, and cards side by side', () =>
    onPage({}, async (page) => {
      await load(page, 'mixed', MIXED)
      const hand = mouse(page)
      await question(page)
      await shot(page, 'mixed-1-cards')
      assert.equal(
        await page.locator(`${TRANSCRIPT} .webchat__carousel-filmstrip-attachment .ac-adaptiveCard`).count(),
        3,
      )
      const link = page.locator(`${TRANSCRIPT} a`, { hasText: 'green' })
      assert.deepEqual(
        [await link.getAttribute('target'), await link.getAttribute('rel')],
        ['_blank', 'noopener noreferrer'],
      )
      await hand.press('Green')
      await page.locator('.webchat__stacked-layout--from-user', { hasText: 'Green' }).waitFor()
      await hand.fill('Which of them?', 'Red, Blue')
      await shot(page, 'mixed-2-boxes')
      await hand.press('These')
      await hears(page, 'Green, and Red Blue')
      await ends(page)
      await shot(page, 'mixed-3-end')
      await page.locator(SEND_BOX).fill('Hello?')
      await page.locator(SEND_BOX).press('Enter')
      await page.locator('.webchat__stacked-layout--from-user', { hasText: 'Hello?' }).waitFor()
      await page.locator('#ended').getByRole('button', { name: 'Start over' }).click()
      await question(page)
      assert.equal(await page.locator('#ended p').count(), 0)
    }))

  test('has buttons that stay, and what was pressed too early is answered in its turn', () =>
    onPage({}, async (page) => {
      const buttons = Array.from({ length: 9 }, (_, index) => ({
        type: 'Action.Submit',
        title: `Button ${index + 1}`,
        data: { pressed: index + 1 },
      }))
      const link = { type: 'Action.OpenUrl', title: 'Another one', url: `${origin()}/index.html` }
      const asks = { type: 'prompt', dataType: 'object', attachment: [card([], [...buttons, link])] }
      const said = [1, 2, 3].map((number) => `scenario.v${number}.pressed`).join(' + " " + ')
      await load(page, 'buttons', [
        { ...asks, text: 'Press one', variable: 'v1' },
        { type: 'wait', time: 300 },
        { ...asks, text: 'Another', variable: 'v2' },
        { ...asks, text: 'A third', variable: 'v3' },
        { type: 'statement', text: `"Pressed " + ${said}` },
        { ...asks, text: 'And now', variable: 'v4' },
        { type: 'statement', text: '"Typed " + scenario.v4' },
      ])
      const first = await question(page)
      await shot(page, 'buttons')
      for (const title of ['Button 9', 'Button 9', 'Button 2']) await first.getByRole('button', { name: title }).click()
      await hears(page, 'Pressed 9 9 2')
      const opened = page.waitForEvent('popup')
      await page.locator(`${TRANSCRIPT} .ac-pushButton`, { hasText: 'Another one' }).first().click()
      await (await opened).waitForURL('**/index.html')
      await (await opened).close()
      await reply(page, 'none of them')
      await hears(page, 'Typed none of them')
    }))

  test('is said to have a card that Web Chat leaves out, and why', () =>
    onPage({ warns: /Failed to render Adaptive Cards/ }, async (page) => {
      const unlabelled = { type: 'Input.Text', id: 'x', isRequired: true }
      await load(page, 'dropped', [
        { type: 'prompt', dataType: 'object', text: 'A card', variable: 'x', attachment: [card([unlabelled], [go()])] },
      ])
      await page.locator('#problems li', { hasText: 'Required inputs should have a label' }).waitFor()
      await shot(page, 'dropped-card')
      await page.locator('#problems').getByRole('button', { name: 'Dismiss' }).click()
      assert.equal(await page.locator('#problems li').count(), 0)
    }))

  test('with a step of an unknown type: it is named in the chat and among the steps', () =>
    onPage({}, async (page) => {
      await load(page, 'foreign', [
        { type: 'statement', text: 'Good morning' },
        { type: 'telepathy', label: 'Read minds', depth: 3 },
        { type: 'prompt', text: 'And now?', dataType: 'string', variable: 'now' },
      ])
      await question(page)
      await page.locator('#loaded').getByText('the step type `telepathy` is not known').waitFor()
      await page.locator('#problems li', { hasText: 'telepathy' }).waitFor()
      await page
        .locator('#steps li', { hasText: 'Read minds' })
        .locator('.remarks .problem', { hasText: 'telepathy' })
        .waitFor()
      assert.match(await page.locator('#steps-tab').innerText(), /1 problem/)
      await page.locator('#steps summary', { hasText: 'Read minds' }).click()
      await page.locator('#steps .json', { hasText: '"depth": 3' }).waitFor()
      await shot(page, 'foreign-unknown-step')
    }))

  test('takes the place of ours, and is marked; what is none is refused in words', () =>
    onPage({}, async (page) => {
      const files = [
        exported('scheduling_menu', [{ type: 'prompt', text: 'Another menu', dataType: 'string', variable: 'x' }]),
        { name: 'shopping.json', mimeType: 'application/json', buffer: Buffer.from('["milk"]') },
        { name: 'half.json', mimeType: 'application/json', buffer: Buffer.from('{"code"') },
      ]
      await page.locator('#files').setInputFiles(files)
      await hears(page, 'Another menu')
      assert.match(await page.locator('#scenario').innerText(), /loaded from scheduling_menu.json/)
      const loaded = await page.locator('#loaded').innerText()
      assert.match(loaded, /instead of Scheduling: menu/)
      assert.match(loaded, /shopping.json is not loaded: this is a list/)
      assert.match(loaded, /half.json is not loaded: the file is not JSON/)
      await shot(page, 'loading')
    }))

  test('can be dropped on the page', () =>
    onPage({}, async (page) => {
      const { name, buffer } = exported('dropped', [
        { type: 'prompt', text: 'Dropped in', dataType: 'string', variable: 'x' },
      ])
      const dropped = await page.evaluateHandle(
        ([name, text]) => {
          const data = new DataTransfer()
          data.items.add(new File([text!], name!, { type: 'application/json' }))
          return data
        },
        [name, buffer.toString()],
      )
      await page.dispatchEvent('#webchat', 'dragover', { dataTransfer: dropped })
      await shot(page, 'dropping')
      await page.dispatchEvent('#webchat', 'drop', { dataTransfer: dropped })
      await hears(page, 'Dropped in')
    }))
})

// --- the bar, and what happens inside

describe('the page', { concurrency: 2 }, () => {
  test('tells steps, variables and requests, by keyboard', () =>
    onPage({}, async (page) => {
      const hand = mouse(page)
      await hand.press('Book an appointment')
      await hand.press('For me')
      await hand.press('Continue')
      await question(page)
      await page.locator(SEND_BOX).focus()
      await tabTo(page, page.locator('#steps-tab'))
      await page.keyboard.press('ArrowRight')
      await page.locator('#variables tr.changed', { hasText: 'locations' }).first().waitFor()
      await shot(page, 'inside-1-variables')
      await page.keyboard.press('ArrowRight')
      await tabTo(page, page.locator('#requests summary').last())
      await page.keyboard.press('Enter')
      await page.locator('#requests .json', { hasText: '"outcome": "ok"' }).waitFor()
      assert.match(await page.locator('#requests summary').last().innerText(), /POST \/api\/get-locations 200 · \d+ ms/)
      await shot(page, 'inside-2-requests')
      await page.keyboard.press('Shift+Tab')
      await tabTo(page, page.locator('#requests-tab'), 'Shift+Tab')
      await page.keyboard.press('Home')
      const newest = page.locator('#steps summary', { hasText: 'Location card' })
      await newest.waitFor()
      assert.ok((await newest.boundingBox())!.y < DESKTOP.height, 'the newest step is in sight')
    }))

  test('takes what the environment of the bot would be, and the texts without the table', () =>
    onPage({}, async (page) => {
      await page.getByRole('button', { name: 'Environment' }).click()
      await page.getByLabel('Value of schedulingPhone').fill('+1 425 555 0100')
      await shot(page, 'environment')
      await page.getByRole('button', { name: 'Apply' }).click()
      await page.getByLabel('Language').selectOption('no table')
      await page.locator('#steps .more').first().waitFor()
      const hand = mouse(page)
      await hand.press('Talk to a person')
      await hears(page, '+1 425 555 0100')
    }))

  test('says when nobody answers, and that it calls nobody else', () =>
    onPage({}, async (page) => {
      await load(page, 'elsewhere', [
        {
          type: 'datasource',
          dataConnection: '',
          urlBase: 'https://example.org',
          urlPath: '/patients',
          urlParams: '',
          method: 'post',
          headers: '{}',
          payload: '{ name: "Pat" }',
          opJson: true,
          opResolveWithFullResponse: false,
          response: 'reply',
        },
        { type: 'prompt', text: 'Well?', dataType: 'string', variable: 'x' },
      ])
      await question(page)
      await page.locator('#requests-tab').click()
      await page.locator('#requests summary').click()
      await page.getByText('this page may only call its own handler').waitFor()
    }))

  test('fits into 320 px', () =>
    onPage({ viewport: { width: 320, height: 568 } }, async (page) => {
      await shot(page, 'narrow-1-chat')
      await page.getByRole('button', { name: 'Settings' }).click()
      await shot(page, 'narrow-2-settings')
      await page.getByRole('button', { name: 'Environment' }).click()
      await shot(page, 'narrow-3-environment')
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Inspect' }).click()
      await page.locator('#steps summary').first().click()
      await shot(page, 'narrow-4-steps')
    }))

  test('has no serious flaw that axe knows, be it light, dark or small', () =>
    onPage({}, async (page) => {
      const wrong: string[] = []
      const look = async (stage: string) => {
        for (const [how, colorScheme, size] of LOOKS) {
          await page.emulateMedia({ colorScheme })
          await page.setViewportSize(size)
          for (const flaw of await flaws(page)) wrong.push(`${stage}, ${how}: ${flaw}`)
          await shot(page, `looks-${stage}-${how}`)
        }
        await page.setViewportSize(DESKTOP)
      }
      const hand = mouse(page)
      await hand.press(ENGLISH('bookOne'))
      await hand.press(ENGLISH('me'))
      await hand.press(ENGLISH('submit'))
      await question(page)
      await look('chat')
      const view = (shown: string) => page.evaluate((shown) => (document.documentElement.dataset.view = shown), shown)
      await view('inspector')
      for (const tab of ['steps', 'variables', 'requests']) {
        await page.locator(`#${tab}-tab`).click()
        await page.locator(`#${tab} summary`).last().click()
        await look(tab)
      }
      await view('chat')
      await load(page, 'mixed', [{ type: 'telepathy' }, ...MIXED])
      await mouse(page).press('Green')
      await question(page)
      await look('choices-and-a-problem')
      await mouse(page).press('These')
      await ends(page)
      await look('end')
      await page.getByRole('button', { name: 'Environment' }).click()
      await look('environment')
      assert.deepEqual(wrong, [])
    }))
})

const LOOKS = [
  ['light', 'light', DESKTOP],
  ['dark', 'dark', DESKTOP],
  ['small', 'light', PHONE],
] as const

// --- those who mean no good

describe('code of a scenario that means no good', { concurrency: 2 }, () => {
  let elsewhere: Server
  let reached: string[]

  before(async () => {
    reached = []
    elsewhere = createServer((request, response) => {
      reached.push(String(request.url))
      response.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end('there')
    })
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
  })

  after(() => elsewhere.close())

  const here = (code: string) =>
    code.replaceAll('ELSEWHERE', `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`)

  /** Runs it, shows what came of it, and goes on: so the page is still usable. */
  async function runs(page: Page, code: string, async = false): Promise<string> {
    await load(page, 'rogue', [
      { type: 'action', onInit: `scenario.got = 'nothing'; ${here(code)}`, async },
      { type: 'statement', text: '"It got " + scenario.got' },
      { type: 'prompt', text: 'Still there?', dataType: 'string', variable: 'x' },
    ])
    await question(page)
    const text = await said(page)
    await reply(page, 'yes')
    await ends(page)
    return text
  }

  test('finds no network, no page and nothing that is kept', () =>
    onPage({}, async (page) => {
      const attempts = {
        'asks the network': "fetch('ELSEWHERE/fetch')",
        'asks it in the old way': "new XMLHttpRequest().open('GET', 'ELSEWHERE/xhr')",
        'opens a socket': "new WebSocket('ELSEWHERE/socket'.replace('http', 'ws'))",
        'loads a script': "importScripts('ELSEWHERE/script')",
        'starts a worker': "new Worker('ELSEWHERE/worker')",
        'opens a database': "indexedDB.open('x')",
        'looks for the page': 'parent.document.title',
        'looks for a window': 'window.document.title',
        'looks for cookies': 'document.cookie',
        'sends the page a message': "postMessage({ number: 1, value: 'forged' })",
        'speaks on a channel': "new BroadcastChannel('x').postMessage('x')",
      }
      const steps = Object.entries(attempts).map(([label, code]) => ({ type: 'action', label, onInit: here(code) }))
      await load(page, 'rogue', [...steps, { type: 'prompt', text: 'Well?', dataType: 'string', variable: 'x' }])
      await question(page)
      const text = await said(page)
      for (const label of Object.keys(attempts))
        assert.match(text, new RegExp(`step "${label}" fails: .*is not defined`))
      await shot(page, 'rogue-attempts')
    }))

  test('finds none of it by going around', () =>
    onPage({}, async (page) => {
      const text = await runs(
        page,
        `var found = [];
        var names = ['fetch', 'importScripts', 'indexedDB', 'postMessage', 'XMLHttpRequest', 'WebSocket', 'caches', 'Worker', 'close'];
        var around = [this, globalThis, Function('return this')(), (0, eval)('this'), moment.constructor('return this')()];
        for (var i = 0; i < around.length; i++) {
          for (var at = around[i]; at; at = Object.getPrototypeOf(at)) {
            for (var j = 0; j < names.length; j++) if (at[names[j]]) found.push(names[j]);
          }
        }
        scenario.got = found.length ? found.join() : 'nothing at all';`,
      )
      assert.match(text, /It got nothing at all/)
    }))

  // In the place of the sandbox there is a script that hides nothing. What stops it is the policy that the handler sends.
  test('is kept off by the policy of the worker alone', () =>
    onPage({}, async (page) => {
      await page.route('**/sandbox.js', async (route) =>
        route.fulfill({ response: await route.fetch(), body: here(UNHIDDEN) }),
      )
      await load(page, 'unhidden', [
        { type: 'statement', text: '"It got " + scenario.got' },
        { type: 'prompt', text: 'Well?', dataType: 'string', variable: 'x' },
      ])
      await question(page)
      assert.match(await said(page), /It got 2 from eval, origin null, nothing else/)
    }))

  test('loads no module, whose loading is part of the language', () =>
    onPage({}, async (page) => {
      for (const module of ['ELSEWHERE/module', 'data:text/javascript,1', '/sandbox.js']) {
        const text = await runs(
          page,
          `import('${module}').then(function () { scenario.got = 'a module'; next() }, function (why) { scenario.got = why.name; next() })`,
          true,
        )
        assert.match(text, /It got TypeError/)
      }
    }))

  test('forges answers of the sandbox, and fails by it alone', () =>
    onPage({}, async (page) => {
      const text = await runs(
        page,
        `Promise.prototype.then = function (post) { post({ number: 1, value: '<img src=x>', scopes: {} }) }`,
      )
      assert.match(text, /step "Step 0" fails: the code forged the answer/)
      await page.locator('#scenario').selectOption('scheduling_menu')
      await hears(page, 'What would you like to do?')
      assert.equal(await page.locator('#problems li').count(), 0)
    }))

  test('never ends, and is ended', () =>
    onPage({}, async (page) => {
      const text = await runs(page, 'for (;;) {}')
      assert.match(text, /has not ended after 5 s/)
      await shot(page, 'rogue-endless')
    }))

  test('says HTML, pictures of others and links to scripts, of which Web Chat leaves nothing that runs', () =>
    onPage({ warns: /Content Security Policy|disallowed schemes|404/ }, async (page) => {
      const evil = here(
        '<img src=x onerror="alert(1)"> [press](javascript:alert(1)) <a href="javascript:alert(1)">raw</a> ' +
          '<script>alert(1)</script><iframe src="ELSEWHERE/frame"></iframe><form action="ELSEWHERE/form"></form>' +
          '<b style="position:fixed" onmouseover=alert(1)>bold</b> ![picture](ELSEWHERE/picture) <style>*{}</style>',
      )
      const alerts: string[] = []
      const popups: Page[] = []
      page.on('popup', (popup) => popups.push(popup))
      page.on('dialog', (dialog) => void dialog.dismiss().then(() => alerts.push(dialog.message())))
      await load(page, 'html', [
        { type: 'statement', text: JSON.stringify(evil) },
        {
          type: 'prompt',
          dataType: 'object',
          variable: 'x',
          text: 'A card',
          attachment: [
            card(
              [{ type: 'TextBlock', wrap: true, text: evil }],
              [{ type: 'Action.OpenUrl', title: 'Open', url: 'javascript:alert(1)' }],
            ),
          ],
        },
      ])
      const asked = await question(page)
      const tags = ':is(script, iframe, form, style, [onerror], [onmouseover], [href^=javascript], b[style])'
      assert.equal(await page.locator(`${TRANSCRIPT} ${tags}`).count(), 0)
      for (const raw of await page.locator(`${TRANSCRIPT} :is(a, button)`, { hasText: 'raw' }).all()) await raw.click()
      await asked.locator('.ac-pushButton', { hasText: 'Open' }).click()
      await page.locator('#problems li', { hasText: 'Cannot open URL with disallowed schemes' }).waitFor()
      assert.deepEqual(popups, [])
      assert.deepEqual(alerts, [])
      await shot(page, 'rogue-html')
    }))

  test('has reached nobody', () => assert.deepEqual(reached, []))
})

/** Tries everything, and answers as the sandbox does. */
const UNHIDDEN = `
  onmessage = async ({ data: { number } }) => {
    const opened = (request) =>
      new Promise((resolve, reject) => { request.onsuccess = () => resolve('a database'); request.onerror = reject })
    const socket = (url) =>
      new Promise((resolve, reject) => { const made = new WebSocket(url); made.onopen = () => resolve('a socket'); made.onerror = reject })
    const worker = (url) =>
      new Promise((resolve, reject) => { const made = new Worker(url); made.onmessage = resolve; made.onerror = reject })
    const attempts = [
      () => fetch('ELSEWHERE/fetch').then(() => 'the network'),
      () => fetch('/api/health').then(() => 'the handler'),
      async () => importScripts('/sandbox.js?') || 'a script',
      () => import('/sandbox.js?').then(() => 'a module'),
      () => import('data:text/javascript,1').then(() => 'a module of its own'),
      async () => opened(indexedDB.open('x')),
      async () => caches.open('x').then(() => 'a cache'),
      async () => socket('ELSEWHERE/socket'.replace('http', 'ws')),
      async () => worker('/sandbox.js?').then(() => 'a worker'),
      async () => worker('data:text/javascript,postMessage(1)').then(() => 'a worker of its own'),
    ]
    const got = []
    for (const attempt of attempts) await attempt().then((what) => got.push(what), () => {})
    const value = 'It got ' + eval('1 + 1') + ' from eval, origin ' + origin + ', ' + (got.join(', ') || 'nothing else')
    postMessage({ number, value, scopes: '{"scenario":{},"conversation":{},"user":{}}', notes: [], logged: [] })
  }
`
