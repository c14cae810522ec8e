// A foreign export, built from the documented fields: every step type, every way of writing that public exports have. And
// what is not documented: each unknown thing is named.

import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'

import { NotAScenario, readScenario, type Scenario } from '../engine/read.ts'
import { cardsOf } from '../generate/cards.ts'
import { fill } from '../headless/card.ts'
import { play, scenariosIn, SCENARIOS, type Played, type Scripted } from '../headless/play.ts'
import { nodeSandbox } from '../headless/sandbox.ts'

type Loose = Record<string, unknown> & { id?: string; designer?: Record<string, unknown> }

const sandbox = nodeSandbox()
let server: Server
let url: string

before(async () => {
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      response.statusCode = request.url!.includes('broken') ? 500 : 200
      response.setHeader('Content-Type', 'application/json')
      response.end(
        JSON.stringify({ url: request.url, method: request.method, type: request.headers['content-type'], body }),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

after(() => {
  sandbox.close()
  server.close()
})

/** Steps one after the other, `s1`, `s2`, …; one that says where it goes keeps it. */
function steps(...all: Loose[]): Loose[] {
  return all.map((step, index) => ({
    id: `s${index + 1}`,
    label: `Step ${index + 1}`,
    ...step,
    designer: {
      xLocation: 20,
      yLocation: 100 * index,
      ...(index + 1 < all.length ? { next: `s${index + 2}` } : {}),
      ...step.designer,
    },
  }))
}

function exported(trigger: string, all: Loose[]): string {
  const code = { version: 3, steps: all, interrupting: false, breaking: false, returningMessage: '' }
  return JSON.stringify({
    name: `Foreign ${trigger}`,
    id: '5b2e7d3c-1111-4222-8333-444455556666',
    scenario_trigger: trigger,
    description: '',
    active: true,
    updated: '2021-02-10T16:52:26.2100000Z',
    userDisplayName: 'Somebody',
    code: JSON.stringify(code),
  })
}

function scenario(trigger: string, ...all: Loose[]): Scenario {
  return readScenario(exported(trigger, steps(...all)))
}

async function plays(
  all: Scenario[],
  answers: Scripted[] = [],
  more: { strings?: Record<string, unknown>; channel?: 'sms' } = {},
): Promise<Played> {
  return play({
    trigger: all[0]!.trigger,
    scenarios: new Map(all.map((one) => [one.trigger, one])),
    env: { base: url },
    answers,
    sandbox,
    ...more,
  })
}

const says = (text: string): Loose => ({ type: 'statement', text })
const acts = (onInit: string): Loose => ({ type: 'action', onInit })
const said = ({ messages }: Played) => messages.map(({ text }) => text)

describe('a foreign export', () => {
  test('every step type, with every field that is documented, is known and played', async () => {
    const other = scenario(
      'other',
      acts('scenario.told = scenario.scenarioArgs.name'),
      says("'hello ' + scenario.told"),
      {
        type: 'endwithresult',
        endScope: 'scenario',
        returnValue: '{}',
      },
    )
    const last = scenario('last', says('last'))
    const all = scenario(
      'all',
      { type: 'assignVariable', scope: 'scenario', operation: 'set', variable: 'count', value: '0' },
      { type: 'assignVariable', scope: 'scenario', operation: 'incrementBy', variable: 'count', value: '1' },
      { type: 'branch', condition: 'scenario.count < 3', targetStepId: 's2', designer: { reverse: true } },
      {
        type: 'statement',
        text: 'scenario.count',
        stringId: 'stringId_8f6afe84ba5a748e',
        visible: 'scenario.count == 3',
        entity: '{ "kind": "note" }',
        layout: 'vertical',
        markdown: true,
        attachment: [
          {
            type: 'AdaptiveCard',
            cardCode:
              '{ // a comment\n "type": "AdaptiveCard", "version": "1.0", "body": [{ "type": "TextBlock", "text": "n = " + scenario.count, }], }',
          },
        ],
      },
      { type: 'statement', text: 'never', visible: 'false' },
      {
        type: 'prompt',
        dataType: "['Red', 'Blue']",
        variable: 'colour',
        text: 'Which colour?',
        stringId: 'stringId_1',
        choiceType: 'choice',
        visible: 'true',
        markdown: false,
        designer: { listStyle: 3 },
      },
      {
        type: 'switch',
        condition: 'scenario.colour.index',
        cases: [
          { value: '1', targetStepId: 's8' },
          { value: '0', targetStepId: 's5' },
        ],
      },
      {
        type: 'prompt',
        dataType: 'scenario.none || { First: 1, Second: 2 }',
        variable: 'several',
        choiceType: 'multi-choice',
        submitTitle: 'Done',
        text: 'Which?',
        designer: { listStyle: 5 },
      },
      { type: 'prompt', dataType: 'number', variable: 'age', text: 'How old?' },
      {
        type: 'prompt',
        dataType: 'object',
        variable: 'card',
        text: '',
        layout: 'vertical',
        attachment: [
          {
            type: 'AdaptiveCard',
            cardCode:
              '{ "type": "AdaptiveCard", "version": "1.2", "body": [{ "type": "Input.Date", "id": "day", "label": "Day" }], "actions": [{ "type": "Action.Submit", "title": "Go", "data": { "button": 1 } }] }',
          },
        ],
      },
      { type: 'prompt', dataType: 'string', variable: 'free', text: 'Anything else?' },
      { type: 'wait', time: '10' },
      { type: 'beginScenario', scenario: 'other', args: '{\r\n    name: scenario.free\r\n}' },
      {
        type: 'datasource',
        dataConnection: '',
        urlBase: "getEnv('base')",
        urlPath: "'/slots'",
        urlParams: "'start=' + encodeURIComponent(scenario.card.day) + '&end=1'",
        method: 'post',
        contentType: 'raw',
        headers: '{ "x-key": "k" }',
        payload: '{ "age": scenario.age }',
        opJson: true,
        opResolveWithFullResponse: true,
        response: 'full',
        error: 'fullError',
        designer: { errorStepId: 's5' },
      },
      {
        type: 'action',
        onInit:
          "setTimeout(function () { scenario.later = require('underscore').pluck([{ a: 1 }], 'a').concat(moment('2026-12-01').format('dddd')); next(); }, 5)",
        async: true,
      },
      says(
        'JSON.stringify([scenario.colour, scenario.several, scenario.age, scenario.card, scenario.full.statusCode, scenario.full.body, scenario.later])',
      ),
      { type: 'replaceScenario', scenario: 'last', args: '{}', designer: { next: undefined } },
    )
    assert.deepEqual([all.notes, other.notes, last.notes], [[], [], []])
    const played = await plays(
      [all, other, last],
      ['green', 'blue', { text: '', picked: [0, 1] }, 'old', '42', fill({ Day: '2026-12-01' }, 'Go'), 'Pat'],
    )
    assert.deepEqual(played.problems, [])
    assert.equal(played.end, 'ended')
    const spoken = said(played)
    assert.deepEqual([spoken[0], spoken[1], spoken[3]], ['3', 'hello Pat', 'last'])
    assert.deepEqual(played.messages[0]!.cards, [
      { type: 'AdaptiveCard', version: '1.0', body: [{ type: 'TextBlock', text: 'n = 3' }] },
    ])
    assert.deepEqual(JSON.parse(spoken[2]!), [
      { entity: 'Blue', index: 1 },
      [
        { entity: 'First', index: 0 },
        { entity: 'Second', index: 1 },
      ],
      42,
      { day: '2026-12-01', button: 1 },
      200,
      { url: '/slots?start=2026-12-01&end=1', method: 'POST', type: 'application/json', body: '{"age":42}' },
      [1, 'Tuesday'],
    ])
    assert.ok(
      played.notes.some((note) => note.includes('`green` is no answer')),
      played.notes.join(),
    )
    assert.ok(
      played.notes.some((note) => note.includes('`old` is no answer')),
      played.notes.join(),
    )
    assert.equal([...played.steps].filter((step) => step.startsWith('all/')).length, all.steps.length)
  })

  test('a failed call goes to its error step, and where there is none, on as if it had not failed', async () => {
    const calls = (more: Loose): Loose => ({
      type: 'datasource',
      dataConnection: '',
      urlBase: 'scenario.base',
      urlPath: "'/broken'",
      urlParams: '',
      method: 'get',
      headers: '',
      opJson: true,
      opResolveWithFullResponse: false,
      response: 'r',
      error: 'e',
      ...more,
    })
    const connected = scenario(
      'connected',
      acts("scenario.base = getEnv('base')"),
      calls({ designer: { errorStepId: 's4' } }),
      says('not here'),
      says("'failed ' + scenario.e.statusCode"),
    )
    assert.deepEqual(said(await plays([connected])), ['failed 500'])
    const open = scenario('open', acts("scenario.base = getEnv('base')"), calls({}), says('on'))
    const played = await plays([open])
    assert.deepEqual(said(played), ['on'])
    assert.ok(played.notes.some((note) => note.includes('no error step is connected')))
  })

  test('a form, an unquoted URL, and texts that are text', async () => {
    const form = scenario(
      'form',
      {
        type: 'datasource',
        dataConnection: '',
        urlBase: url,
        urlPath: '/token',
        urlParams: '',
        method: 'post',
        contentType: 'x-www-form-urlencoded',
        headers: '',
        payload: "{ grant_type: 'x', scope: 'a b' }",
        opJson: true,
        opResolveWithFullResponse: false,
        response: 'token',
      },
      says('scenario.token.body'),
      says('Hello'),
      says('Are you ready to schedule?'),
      says("'It\\'s ' + 1 + 1"),
    )
    assert.deepEqual(said(await plays([form])), [
      'grant_type=x&scope=a+b',
      'Hello',
      'Are you ready to schedule?',
      "It's 11",
    ])
  })

  test('plain text stays what it is, also where it would be a sum or the name of something', async () => {
    const texts = [
      'Great, thanks',
      'Well-done',
      'Yes/No',
      'Please (really)',
      '1-800-555-1212',
      '12/31/2026',
      'Date',
      'scenario',
      "It's 5 o'clock",
      'Ask your user. (Or not.)',
    ]
    const plain = scenario('plain', ...texts.map(says))
    const played = await plays([plain])
    assert.deepEqual(said(played), texts)
    assert.deepEqual(played.problems, [])
  })

  test('an action is switched off by a truth value too', async () => {
    const sets = (value: number, visible: unknown): Loose => ({ ...acts(`scenario.x = ${value}`), visible })
    const visible = scenario(
      'visible',
      sets(1, true),
      sets(2, false),
      sets(3, 'false'),
      sets(4, ''),
      says("'' + scenario.x"),
    )
    assert.deepEqual(visible.notes, [])
    assert.deepEqual(said(await plays([visible])), ['4'])
  })

  test('the names of old are understood, and told to be old', async () => {
    const old = scenario(
      'old',
      acts('scenario.name = "Pat"; conversation.place = "Redmond"'),
      says('Dear ${name} of @{place}'),
      says('${name} + "!"'),
      says('`real ${scenario.name}`'),
    )
    const played = await plays([old])
    assert.deepEqual(said(played), ['Dear Pat of Redmond', 'Pat!', 'real Pat'])
    assert.ok(played.notes.some((note) => note.includes('`${name}` is the old way')))
  })

  test('texts of the localisation table, and one that it lacks', async () => {
    const localized = scenario(
      'localized',
      says('customLocalizedStrings["a/b"]'),
      says("session.getCustomLocalizedValue('a/b') + customLocalizedStrings['c']"),
    )
    const played = await plays([localized], [], { strings: { 'a/b': 'Hola' } })
    assert.deepEqual(said(played), ['Hola', 'Holaundefined'])
    assert.ok(played.notes.some((note) => note.includes('no `c`')))
  })

  test('only what the editor shows as code can be read too', () => {
    const bare = readScenario(JSON.stringify({ version: 2, steps: steps(says('Hello')) }))
    assert.deepEqual([bare.trigger, bare.steps.length, bare.notes], ['unnamed', 1, []])
  })

  test('what is no scenario says why', () => {
    for (const [text, why] of [
      ['{', /not JSON/],
      ['[]', /list/],
      ['7', /object/],
      ['{"name": "x"}', /neither `code` nor `steps`/],
      ['{"code": "{"}', /`code` is not JSON/],
      ['{"code": "{\\"steps\\": []}"}', /no `steps`/],
      ['{"steps": [{"type": "statement"}]}', /no `id`/],
    ] as const) {
      assert.throws(
        () => readScenario(text),
        (error) => error instanceof NotAScenario && why.test(error.message),
        text,
      )
    }
  })
})

describe('what is unknown is named', () => {
  const named = async (pattern: RegExp, ...all: Loose[]) => {
    const foreign = scenario('foreign', ...all, says('goes on'))
    const played = await plays([foreign], ['x'])
    const told = [...foreign.notes, ...played.problems, ...played.notes]
    assert.ok(
      told.some((text) => pattern.test(text)),
      `${pattern} in:\n${told.join('\n')}`,
    )
    return played
  }

  test('a step type, when it is read and when it is played; the scenario goes on', async () => {
    const played = await named(/the player does not know the step type `yesNo`/, { type: 'yesNo', text: 'Really?' })
    assert.deepEqual(said(played), ['goes on'])
    assert.match(scenario('a', { type: 'yesNo' }).notes.join(), /step type `yesNo` is not known/)
  })

  test('a field, a value, a missing one, an edge into nothing, two steps of one id', () => {
    assert.match(scenario('a', { type: 'statement', colour: 'red' }).notes.join(), /colour/)
    assert.match(scenario('a', { type: 'wait', time: 'soon' }).notes.join(), /time/)
    assert.match(scenario('a', { type: 'branch', condition: '1' }).notes.join(), /targetStepId/)
    assert.match(scenario('a', { type: 'statement', designer: { next: 'nowhere' } }).notes.join(), /leads to `nowhere`/)
    assert.match(scenario('a', { id: 's1', ...says('x') }, { id: 's1', ...says('y') }).notes.join(), /same id/)
    const extra = JSON.parse(exported('a', steps(says('x'))))
    assert.match(readScenario(JSON.stringify({ ...extra, owner: 'x' })).notes.join(), /owner/)
  })

  test('a data type, an attachment, a module, a helper, a name, a variable of the settings', async () => {
    const asks = (dataType: string): Loose => ({ type: 'prompt', dataType, variable: 'v', text: '?' })
    await named(/does not know the data type `date`/, asks('date'))
    await named(/does not know the attachment `HeroCard`/, {
      type: 'statement',
      text: 'x',
      attachment: [{ type: 'HeroCard', cardCode: '{}' }],
    })
    await named(/does not know the module `lodash`/, acts("require('lodash')"))
    await named(/does not know `session.sendSms`/, acts("session.sendSms('x')"))
    await named(/does not know `builder.ThumbnailCard`/, acts('new builder.ThumbnailCard()'))
    await named(/customConstants is not defined/, acts('scenario.x = customConstants.y'))
    await named(/no environment variable `missing`/, acts("scenario.x = getEnv('missing')"))
    await named(/`x` is not declared/, acts('x = 1'))
    await named(/is a function, which does not last/, acts('scenario.f = function () {}'))
    await named(/there is nothing to choose from/, {
      type: 'prompt',
      dataType: 'scenario.nothing',
      variable: 'v',
      choiceType: 'choice',
      text: '?',
    })
  })

  test('a scenario that is not loaded, a connection that is kept in the bot, FHIR', async () => {
    await named(/no scenario with the trigger `elsewhere` is loaded/, {
      type: 'beginScenario',
      scenario: 'elsewhere',
      args: '{}',
    })
    const fhir = {
      type: 'datasource',
      dataConnection: 'EHR',
      urlPath: 'Slot',
      urlParams: '',
      method: 'get',
      headers: '',
      opJson: true,
      opResolveWithFullResponse: false,
      response: 'r',
      fhirAction: 'Read',
      fhirResource: 'Slot',
    }
    await named(/the connection `EHR` is kept in the bot/, fhir)
    await named(/does not know `fhirAction`/, fhir)
  })

  test('code that fails is told with its step, and the scenario goes on', async () => {
    const played = await named(/step "Step 1" fails: TypeError/, acts('scenario.a.b.c = 1'))
    assert.deepEqual(said(played), ['goes on'])
  })

  test('a variable that refers to itself, which cannot be kept', async () => {
    const played = await named(
      /step "Step 1" fails: TypeError.*circular/,
      acts('scenario.a = {}; scenario.a.b = scenario.a'),
    )
    assert.deepEqual(said(played), ['goes on'])
  })

  test('a card on a channel without cards', async () => {
    const card = scenario('card', {
      type: 'statement',
      text: 'x',
      attachment: [{ type: 'AdaptiveCard', cardCode: '{ "type": "AdaptiveCard" }' }],
    })
    const played = await plays([card], [], { channel: 'sms' })
    assert.ok(played.notes.includes('a text message shows no card'))
  })

  test('what is logged can be seen', async () => {
    const logs = scenario('logs', acts("session.logCustomEvent('booked', { code: 1 }); session.trace({ a: 1 }, 2)"))
    const played = await plays([logs])
    const lines = played.events.flatMap((event) => (event.type === 'log' ? [event.text] : []))
    assert.equal(lines.length, 2)
    assert.match(lines[0]!, /booked/)
  })
})

describe('the sandbox', () => {
  test('ends code that does not end, and goes on', async () => {
    const endless = scenario('endless', acts('while (true) {}'), says('still here'))
    const played = await plays([endless])
    assert.match(played.problems.join(), /has not ended after 5 s/)
    assert.deepEqual(said(played), ['still here'])
  })

  test('ends a scenario that goes in circles', async () => {
    const circle = scenario('circle', says('a'), { ...says('b'), designer: { next: 's1' } })
    assert.match((await plays([circle])).problems.join(), /this is a loop/)
  })

  test('has nothing of what is around it', async () => {
    const names = [
      'process',
      'require.main',
      'fetch',
      'importScripts',
      'indexedDB',
      'self',
      'postMessage',
      'XMLHttpRequest',
      'WebSocket',
      'Buffer',
      'structuredClone',
      'queueMicrotask',
      'performance',
      'navigator',
      'BroadcastChannel',
    ]
    const looks = scenario(
      'looks',
      acts(
        `scenario.types = [${names
          .filter((name) => !name.includes('.'))
          .map((name) => `typeof ${name}`)
          .join(', ')}]`,
      ),
      says("scenario.types.filter(function (type) { return type !== 'undefined' }).join()"),
    )
    assert.deepEqual(said(await plays([looks])), [''])
  })

  test('what one step leaves behind is gone in the next', async () => {
    const leaves = scenario('leaves', acts('left = 1'), says('"" + typeof left'))
    assert.deepEqual(said(await plays([leaves])), ['undefined'])
  })
})

describe('what Web Chat would drop or cut of our own cards', () => {
  const ours = scenariosIn(SCENARIOS).get('scheduling_two_dose')!

  /** What is wrong when a piece of every action is another one. */
  async function refused(before: string, after: string): Promise<string> {
    const steps = ours.steps.map((step) =>
      step.type === 'action' ? { ...step, onInit: step.onInit.replaceAll(before, after) } : step,
    )
    assert.notDeepEqual(steps, ours.steps, before)
    const { wrong } = await cardsOf({ ...ours, steps, byId: new Map(steps.map((step) => [step.id, step])) })
    return wrong.join('\n')
  }

  test('is refused, whichever it is', async () => {
    assert.deepEqual((await cardsOf(ours)).wrong, [])
    for (const [before, after, why] of [
      ['label: t.consent, ', '', /Details" \(en\).*Required inputs should have a label/],
      ['errorMessage: scenario.t.pastDay', '', /When" \(es\).*fails without a word/],
      ['input.errorMessage = missing(field.kind);', '', /Required inputs should have an error message/],
      [", associatedInputs: 'none'", '', /more than one button waits/],
      ['placeholder: field.label,', '', /has no placeholder/],
      ['var short = true;', 'var short = true; choices[0].title += choices[0].title;', /is cut/],
      ["style: short ? 'compact' : 'expanded', wrap: true", "style: 'expanded'", /does not wrap/],
      ["weight: 'Bolder', wrap: true", "weight: 'Bolder'", /the text `.*` does not wrap/],
    ] as const) {
      assert.match(await refused(before, after), why, before)
    }
  })
})
