// The page in a browser, as the handler serves it: used by mouse, by keyboard, on a phone, by text, and by those who mean no
// good. See page.ts for what every test looks at besides.

import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'

import type { Page } from 'playwright-core'

import { stringsFor } from '../headless/play.ts'
import {
  codeIn,
  DESKTOP,
  exported,
  flaws,
  keyboard,
  load,
  mouse,
  onPage,
  PHONE,
  question,
  reply,
  said,
  shot,
  start,
  stop,
  tabTo,
  type Hand,
} from './page.ts'

before(start)
after(stop)

// --- from the menu to the confirmation code, and back

type Texts = (id: string) => string

/** Of our table, and what the clinic calls its service. */
function texts(locale: 'en-US' | 'es-ES'): Texts {
  const strings = stringsFor(locale)
  const service = locale === 'es-ES' ? 'Vacuna contra la COVID-19' : 'COVID-19 vaccine'
  return (id) => (id === 'service' ? service : String(strings[`scheduling/${id}`]))
}

let people = 0
/** Somebody new each time: how many bookings one person may have is limited. */
function somebody() {
  people += 1
  return { name: `Pat Doe ${people}`, email: `pat${people}@example.org` }
}

type Seen = (stage: string) => Promise<void>

/** Books two doses, and says with which code and contact. */
async function book(page: Page, hand: Hand, t: Texts, seen: Seen) {
  const who = somebody()
  await seen('menu')
  await hand.press(t('bookTwo'))
  await hand.press(t('me'))
  await hand.fill(t('postalCode'), '98052')
  await seen('place')
  await hand.press(t('submit'))
  await hand.press(`${t('bookAt')} Eastside`)
  await question(page)
  await seen('service')
  await hand.press(t('service'))
  for (const dose of ['first', 'second']) {
    await hand.pick(t('soonest'))
    await seen(`${dose}-dose`)
    await hand.press(t('submit'))
    // Of today there may be little left.
    await hand.pick(2)
    await seen(`${dose}-dose-day`)
    await hand.press(t('submit'))
    await hand.pick(2)
    await seen(`${dose}-dose-time`)
    await hand.press(t('submit'))
  }
  await hand.fill(t('name'), who.name)
  await hand.fill(t('birthDate'), '1980-05-31')
  await hand.fill(t('email'), who.email)
  await hand.tick(t('agree'))
  await seen('details')
  await hand.press(t('submit'))
  await question(page)
  await seen('preview')
  await hand.press(t('sureBook'))
  await page.locator('[data-asks]', { hasText: t('anythingElse') }).waitFor()
  await seen('booked')
  return { ...who, code: await codeIn(page) }
}

/** Cancels all doses of it. */
async function cancel(page: Page, hand: Hand, t: Texts, { code, email }: { code: string; email: string }, seen: Seen) {
  await hand.press(t('manage'))
  await hand.fill(t('code'), code)
  await hand.fill(t('contact'), email)
  await seen('find')
  await hand.press(t('submit'))
  await hand.press(t('cancel'))
  await question(page)
  await seen('which')
  await hand.press(t('allOfThem'))
  await hand.press(t('sureCancel'))
  await page
    .locator('[data-asks]', { hasText: t('anythingElse') })
    .nth(1)
    .waitFor()
  await seen('cancelled')
}

async function bookAndCancel(page: Page, hand: Hand, name: string, t = texts('en-US')): Promise<void> {
  let number = 0
  const seen: Seen = (stage) => shot(page, `${name}-${String(++number).padStart(2, '0')}-${stage}`)
  const booking = await book(page, hand, t, seen)
  await cancel(page, hand, t, booking, seen)
  assert.equal(await page.locator('#log .problem').count(), 0)
  const answers = await page.locator('.said.patient').allInnerTexts()
  assert.doesNotMatch(answers.join('\n'), /[{}]/)
  assert.ok(
    answers.some((text) => text.includes(`: ${booking.name}\n`)),
    answers.join('\n'),
  )
}

describe('two doses are booked and cancelled', () => {
  test('with the mouse', () => onPage({ viewport: DESKTOP }, (page) => bookAndCancel(page, mouse(page), 'desktop')))

  test('on a phone', () =>
    onPage({ viewport: PHONE, hasTouch: true }, (page) => bookAndCancel(page, mouse(page), 'phone')))

  test('by keyboard alone', () => onPage({}, (page) => bookAndCancel(page, keyboard(page), 'keyboard')))

  test('in Spanish', () =>
    onPage({ colorScheme: 'dark' }, async (page) => {
      await page.locator('#locale').selectOption('es-ES')
      await page.locator('[data-asks]', { hasText: texts('es-ES')('welcome') }).waitFor()
      await bookAndCancel(page, mouse(page), 'spanish-dark', texts('es-ES'))
    }))
})

describe('as text messages', () => {
  test('only text is shown, and numbers answer', () =>
    onPage({ viewport: PHONE }, async (page) => {
      await page.getByRole('button', { name: 'Settings' }).click()
      await page.getByLabel('Channel').selectOption('sms')
      await page.getByRole('button', { name: 'Settings' }).click()
      const t = texts('en-US')
      const { name, email } = somebody()
      const answers = [
        '2',
        '1',
        '98052',
        '1',
        '1',
        '1',
        '1',
        '2',
        '2',
        '1',
        '1',
        '2',
        '2',
        name,
        '1980-05-31',
        email,
        '1',
      ]
      for (const answer of answers) await answered(page, answer)
      await shot(page, 'sms-1-preview')
      await answered(page, 'yes')
      await page.locator('[data-asks]', { hasText: t('anythingElse') }).waitFor()
      await shot(page, 'sms-2-booked')
      const code = await codeIn(page)
      for (const answer of ['3', code, email, '2', '3', 'yes']) await answered(page, answer)
      await page
        .locator('[data-asks]', { hasText: t('anythingElse') })
        .nth(1)
        .waitFor()
      await shot(page, 'sms-3-cancelled')
      assert.equal(await page.locator('#log :is(button, input, select, .card, .problem)').count(), 0)
    }))

  test('it says where a card is left out, and what there is to choose from', () =>
    onPage({}, async (page) => {
      await page.getByLabel('Channel').selectOption('sms')
      await load(page, 'mixed', MIXED)
      await page.getByText('which a text message cannot show').first().waitFor()
      await answered(page, '2')
      await answered(page, '1, 3')
      await page.getByText('Green, and Red Blue').waitFor()
      await shot(page, 'sms-4-no-card')
      assert.equal(await page.locator('#log .card').count(), 0)
    }))
})

/** Sends it, and waits for the next question. */
async function answered(page: Page, text: string): Promise<void> {
  const asked = await page.locator('[data-asks]').count()
  await reply(page, text)
  await page.waitForFunction((asked) => document.querySelectorAll('[data-asks], .end').length > asked, asked)
}

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

describe('an export of somebody else', () => {
  test('is played, with choices as buttons and as boxes, and cards side by side', () =>
    onPage({}, async (page) => {
      await load(page, 'mixed', MIXED)
      const { press, tick } = mouse(page)
      await shot(page, 'mixed-1-cards')
      const link = page.locator('#log a', { hasText: 'green' })
      assert.deepEqual(
        [await link.getAttribute('target'), await link.getAttribute('rel')],
        ['_blank', 'noopener noreferrer'],
      )
      await press('Green')
      await tick('Red')
      await tick('Blue')
      await shot(page, 'mixed-2-boxes')
      await press('These')
      await page.getByText('Green, and Red Blue').waitFor()
      await page.getByText('The scenario has ended').waitFor()
      await shot(page, 'mixed-3-end')
      // By keyboard it can go on at once.
      assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Start over')
    }))

  test('shows ten buttons of a card, which are pressed once, and links, which stay', () =>
    onPage({}, async (page) => {
      const buttons = Array.from({ length: 9 }, (_, index) => ({
        type: 'Action.Submit',
        title: `Button ${index + 1}`,
        data: { pressed: index + 1 },
      }))
      const link = { type: 'Action.OpenUrl', title: 'Another one', url: '/index.html' }
      const asks = { type: 'prompt', dataType: 'object', text: 'Press one', attachment: [card([], [...buttons, link])] }
      await load(page, 'buttons', [
        { ...asks, variable: 'pressed' },
        { ...asks, variable: 'typed' },
        { type: 'statement', text: '"Pressed " + scenario.pressed.pressed + ", typed " + scenario.typed' },
      ])
      await question(page)
      const focused = () => page.evaluate(() => document.activeElement?.textContent)
      assert.equal(await focused(), 'Button 1')
      await shot(page, 'buttons')
      await page.getByRole('button', { name: 'Button 9' }).click()
      await page.locator('.said.patient', { hasText: 'Button 9' }).waitFor()
      await page.locator('[data-asks]').nth(1).waitFor()
      const first = page.locator('.card').first()
      assert.equal(await first.getByRole('button', { disabled: false }).count(), 0)
      const opened = page.context().waitForEvent('page')
      await first.getByRole('link', { name: 'Another one' }).click()
      await (await opened).waitForURL('**/index.html')
      await (await opened).close()
      await reply(page, 'none of them')
      await page.getByText('Pressed 9, typed none of them').waitFor()
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
      await page.locator('#log .problem', { hasText: 'telepathy' }).waitFor()
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
      await page.getByText('Another menu').waitFor()
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
      await page.dispatchEvent('#log', 'dragover', { dataTransfer: dropped })
      await shot(page, 'dropping')
      await page.dispatchEvent('#log', 'drop', { dataTransfer: dropped })
      await page.getByText('Dropped in').waitFor()
    }))
})

// --- the bar, and what happens inside

describe('the page', () => {
  test('tells steps, variables and requests, by keyboard', () =>
    onPage({}, async (page) => {
      const hand = mouse(page)
      await hand.press('Book an appointment')
      await hand.press('For me')
      await hand.press('Continue')
      await page.getByRole('button', { name: 'Book at Eastside' }).waitFor()
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
      await page.locator('#log', { hasText: '+1 425 555 0100' }).waitFor()
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

  // Its policy is bypassed, so that axe can be put into it.
  test('has no serious flaw that axe knows, be it light, dark or small', () =>
    onPage({ bypassCSP: true }, async (page) => {
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
      await look('start')
      await book(page, mouse(page), texts('en-US'), async (stage) => {
        if (['details', 'booked'].includes(stage)) await look(stage)
      })
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

describe('code of a scenario that means no good', () => {
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
    await page.getByText('The scenario has ended').waitFor()
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
      await page.locator('[data-asks]', { hasText: 'What would you like to do?' }).waitFor()
      assert.equal(await page.locator('#log .problem').count(), 0)
    }))

  test('never ends, and is ended', () =>
    onPage({}, async (page) => {
      const text = await runs(page, 'for (;;) {}')
      assert.match(text, /has not ended after 5 s/)
      await shot(page, 'rogue-endless')
    }))

  test('says HTML and links to scripts, which stay text', () =>
    onPage({}, async (page) => {
      await load(page, 'html', [
        {
          type: 'statement',
          text: JSON.stringify('<img src=x onerror="alert(1)"> [press](javascript:alert(1)) <script>alert(1)</script>'),
        },
        {
          type: 'prompt',
          dataType: 'object',
          variable: 'x',
          text: 'A card',
          attachment: [
            card(
              [{ type: 'TextBlock', wrap: true, text: '<b onmouseover=alert(1)>bold</b> [here](javascript:alert(1))' }],
              [{ type: 'Action.OpenUrl', title: 'Open', url: 'javascript:alert(1)' }],
            ),
          ],
        },
      ])
      await question(page)
      assert.equal(await page.locator('#log :is(a, b, img, script)').count(), 0)
      await page.locator('#log').getByRole('link', { name: 'Open' }).click()
      await page.locator('#log .problem', { hasText: 'is no link that is opened here' }).waitFor()
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
