// Every scenario against the real handler, along every branch. What is read back is read from the handler, not from the bot.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { choose, fill, offered, press } from '../headless/card.ts'
import { overTheNetwork } from '../headless/play.ts'
import type { Handler } from './handler.ts'
import { between, call, codeIn, isOnlyText, plays, seeing, start, uncovered, type Call } from './played.ts'

let handler: Handler

before(async () => {
  handler = await start()
})

after(async () => {
  await handler.stop()
})

/** A day so many days from now, at the clinic. Each test has days of its own. */
function day(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toLocaleDateString('sv', { timeZone: 'America/Los_Angeles' })
}

let people = 0
/** Somebody new each time: how many bookings one person may have is limited. */
function somebody(): { name: string; email: string } {
  people += 1
  return { name: `Pat Doe ${people}`, email: `pat${people}@example.org` }
}

const toEastside = [press('For me'), fill({ 'Postal code': '98052' }, 'Continue'), press('Book at Eastside')]
const toLakeside = [press('For me'), fill({ 'Postal code': '98033' }, 'Continue'), press('Book at Lakeside')]
const on = (date: string) => fill({ 'On a certain day': date }, 'Continue')
const soonest = fill({ Or: 'As soon' }, 'Continue')
const details = ({ name, email }: { name: string; email: string }, more: Record<string, string> = {}) =>
  fill({ 'Your first and last name': name, 'E-mail': email, ...more }, 'Continue')

/** A booking made beside the scenarios. */
async function booked(serviceId: string, dates: string[], who = somebody()): Promise<{ code: string; email: string }> {
  const slotIds: string[] = []
  for (const [index, date] of dates.entries()) {
    const found = await call('get-slots', {
      locationId: 'embedded:eastside',
      serviceId,
      date,
      dose: index + 1,
      ...(index > 0 ? { after: slotIds[index - 1] } : {}),
    })
    slotIds.push(found.slots[index].id)
  }
  const consentId = serviceId === 'vaccine' ? 'vaccine-2026' : undefined
  const reply = await call('book', { slotIds, patient: { ...who, birthDate: '1980-05-31', consentId } })
  assert.equal(reply.outcome, 'booked', JSON.stringify(reply))
  return { code: reply.confirmationCode, email: who.email }
}

async function statuses(code: string, email: string): Promise<string[]> {
  const reply = await call('get-appointment', { confirmationCode: code, contact: { email } })
  assert.equal(reply.outcome, 'found', JSON.stringify(reply))
  return reply.appointments.map(({ status }: { status: string }) => status)
}

/** Somebody else takes the slots of the next writing call before it arrives. */
function rival(of: string): { heard: Call[]; http: ReturnType<typeof between> } {
  const heard: Call[] = []
  let once = false
  const http = between(async (asked) => {
    heard.push(asked)
    if (asked.function !== of || asked.body.preview || once) return undefined
    once = true
    const who = somebody()
    const taken = await call('book', { slotIds: asked.body.slotIds, patient: { ...who, birthDate: '1980-05-31' } })
    assert.equal(taken.outcome, 'booked', JSON.stringify(taken))
    return undefined
  })
  return { heard, http }
}

describe('scheduling_book', () => {
  test('books the time that was chosen', async () => {
    const who = somebody()
    const played = await plays('scheduling_book', [
      ...toEastside,
      choose('Flu shot'),
      soonest,
      choose(3),
      choose(5),
      details(who),
      press('Yes, book it'),
    ])
    assert.match(played.transcript, /You're booked: Flu shot/)
    assert.deepEqual(await statuses(codeIn(played), who.email), ['booked'])
  })

  test('says the same as text, and shows nothing but text', async () => {
    const played = await plays(
      'scheduling_book',
      ['1', '98052', '1', '2', '1', '1', '2', '1', 'Pat Text', 'pattext@example.org', '1'],
      { channel: 'sms' },
    )
    isOnlyText(played)
    assert.deepEqual(await statuses(codeIn(played), 'pattext@example.org'), ['booked'])
  })

  test('takes a date, a time of day and a title that are typed, and leaves out what may be left out', async () => {
    const date = day(20)
    const played = await plays(
      'scheduling_book',
      ['for me', '-', 'Eastside Clinic', '3', '3', date, '4', '2', 'Pat Typed', '+1 425 555 0199', 'no', '-', '1'],
      { channel: 'sms' },
    )
    isOnlyText(played)
    assert.match(played.transcript, /5:30 PM/)
  })

  test('asks who is wanted, and books with them', async () => {
    const who = somebody()
    const played = await plays('scheduling_book', [
      ...toEastside,
      choose('Check-up'),
      press('Nurse Okafor'),
      on(day(21)),
      choose(1),
      details(who, { 'Is this your first visit?': 'Yes', 'Any allergies?': 'Nuts' }),
      press('Yes, book it'),
    ])
    const reply = await call('get-appointment', { confirmationCode: codeIn(played), contact: { email: who.email } })
    assert.equal(reply.appointments[0].practitioner, 'Nurse Okafor')
  })

  test('next week, in the evening, with whoever is free', async () => {
    const played = await plays('scheduling_book', [
      ...toEastside,
      choose('Check-up'),
      press('Whoever is free'),
      fill({ Or: 'Next week', 'Time of day': 'In the evening' }, 'Continue'),
      choose(2),
      seeing((prompt) => assert.ok(offered(prompt).every((title) => /PM/.test(title)), offered(prompt).join()), choose(1)),
      details(somebody(), { 'Is this your first visit?': 'No' }),
      press('Yes, book it'),
    ])
    assert.match(played.transcript, /booked/)
  })

  test('where somebody has to be chosen, there is no "whoever"; e-mail and phone are both wanted', async () => {
    const who = somebody()
    await plays('scheduling_book', [
      ...toEastside,
      choose('Specialist'),
      press('Dr. Watt'),
      on(day(22)),
      choose(1),
      details(who, { 'Phone number': '+1 425 555 0123' }),
      press('Yes, book it'),
    ])
  })

  test('for a child: who books is asked too, and told to the clinic', async () => {
    const heard: Call[] = []
    await plays(
      'scheduling_book',
      [
        press('For a child'),
        fill({ 'Postal code': '98052' }, 'Continue'),
        press('Book at Eastside'),
        choose('Check for children'),
        on(day(23)),
        choose(1),
        fill(
          {
            'First and last name of the patient': 'Kim Doe',
            'Date of birth': '2020-02-02',
            'E-mail': somebody().email,
            'Your own name': 'Pat Doe',
            'What you are': 'mother',
          },
          'Continue',
        ),
        press('Yes, book it'),
      ],
      { http: between((asked) => void heard.push(asked)) },
    )
    const { body } = heard.at(-1)!
    assert.deepEqual(body.bookedBy, { name: 'Pat Doe', relation: 'mother' })
    assert.equal(body.faults, 'outcome')
    assert.equal(body.requestId, body.requestId && String(body.requestId))
  })

  test('the request is named by the preview', async () => {
    const heard: { call: Call; reply?: any }[] = []
    const http = between((asked) => void heard.push({ call: asked }))
    const replies: any[] = []
    await plays(
      'scheduling_book',
      [...toEastside, choose('Flu shot'), on(day(24)), choose(1), details(somebody()), press('Yes, book it')],
      { http, on: (event) => event.type === 'response' && replies.push(event.body) },
    )
    const preview = replies.find(({ outcome }) => outcome === 'preview')
    assert.equal(heard.at(-1)!.call.body.requestId, preview.requestId)
  })

  test('nothing of the patient is in a URL, and nothing goes into the log of the bot', async () => {
    const who = somebody()
    const urls: string[] = []
    const played = await plays(
      'scheduling_book',
      [...toEastside, choose('Flu shot'), on(day(25)), choose(1), details(who), press('Yes, book it')],
      { on: (event) => event.type === 'request' && urls.push(`${event.request.url}?${event.request.query}`) },
    )
    assert.ok(urls.length > 3)
    for (const url of urls) assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/api\/[a-z-]+\?$/)
    assert.equal(played.events.filter(({ type }) => type === 'log').length, 0)
  })

  test('somebody was faster: what else is free is offered, and booked', async () => {
    const date = day(26)
    const { http } = rival('book')
    const played = await plays(
      'scheduling_book',
      [...toLakeside, press('Flu shot'), on(date), choose(1), details(somebody()), press('Yes, book it'), choose(2), press('Yes, book it')],
      { http },
    )
    assert.match(played.transcript, /no longer free/)
    assert.match(played.transcript, /You're booked/)
  })

  test('somebody was faster, and another day is wanted', async () => {
    const { http } = rival('book')
    const played = await plays(
      'scheduling_book',
      [
        ...toLakeside,
        press('Flu shot'),
        on(day(27)),
        choose(1),
        details(somebody()),
        press('Yes, book it'),
        press('Another day'),
        on(day(28)),
        choose(1),
        press('Yes, book it'),
      ],
      { http },
    )
    assert.match(played.transcript, /You're booked/)
  })

  test('more times, another day, another time, other details, another clinic, another place', async () => {
    const who = somebody()
    const played = await plays('scheduling_book', [
      press('For somebody else'),
      fill({ 'Postal code': '80202' }, 'Continue'),
      press('Look somewhere else'),
      fill({ 'Postal code': '98052' }, 'Continue'),
      press('Book at Eastside'),
      press('Another clinic'),
      press('Book at Lakeside'),
      press('Flu shot'),
      soonest,
      press('Another day'),
      on(day(29)),
      press('More times'),
      press('Another day'),
      on(day(29)),
      choose(1),
      fill({ 'First and last name': 'Kim Doe', 'E-mail': who.email, 'Your own name': 'Pat' }, 'Continue'),
      press('Choose another time'),
      on(day(30)),
      choose(1),
      press('Change my details'),
      fill({ 'First and last name': 'Kim Roe' }, 'Continue'),
      press('Yes, book it'),
    ])
    assert.deepEqual(await statuses(codeIn(played), who.email), ['booked'])
  })

  test('a place that is not known is asked again; where there is nothing, the search can go on', async () => {
    const played = await plays('scheduling_book', [
      press('For me'),
      fill({ 'Postal code': '00000' }, 'Continue'),
      fill({ "I don't know that place": '98052' }, 'Continue'),
      press('Stop here'),
    ])
    assert.match(played.transcript, /I don't know that place/)
  })

  test('no clinic at all', async () => {
    let first = true
    const nothing = await call('get-locations', { near: { postalCode: '98052' }, withinMiles: 0 })
    assert.equal(nothing.outcome, 'noLocations')
    const http = between((asked) => {
      if (asked.function !== 'get-locations' || !first) return undefined
      first = false
      return nothing
    })
    await plays(
      'scheduling_book',
      [press('For me'), fill({}, 'Continue'), press('Look somewhere else'), fill({}, 'Continue'), press('Stop here')],
      { http },
    )
  })

  test('a clinic that books only by its page or phone', async () => {
    const played = await plays('scheduling_book', ['1', '98101', '1', '0'], { channel: 'sms' })
    assert.match(played.transcript, /example\.org\/book\/harbor/)
    assert.match(played.transcript, /\+1 206 555 0111/)
  })

  test('nothing free at all: how to go on', async () => {
    const played = await plays('scheduling_book', [
      press('For me'),
      fill({ 'Postal code': '80202' }, 'Continue'),
      press('Book at Moorside'),
      press('Flu shot'),
      soonest,
      press('Choose another time'),
      soonest,
      press('Talk to a person'),
    ])
    assert.match(played.transcript, /There is no free time/)
    assert.match(played.transcript, /Type "agent"/)
  })

  test('nothing free on that day: other times are offered', async () => {
    const played = await plays('scheduling_book', [...toLakeside, press('Seldom done'), on(day(-3)), choose(1), press('Stop here')])
    assert.match(played.transcript, /other time/)
  })

  test('what is missing on a card is asked for again, and after the third time there are other ways', async () => {
    const who = somebody()
    const played = await plays('scheduling_book', [
      ...toEastside,
      choose('Flu shot'),
      on(day(31)),
      choose(1),
      fill({}, 'Continue'),
      seeing(
        (prompt) => assert.match(prompt.text, /required/),
        fill({ 'Your first and last name': who.name }, 'Continue'),
      ),
      seeing((prompt) => assert.match(prompt.text, /e-mail address or a phone/), fill({}, 'Continue')),
      press('Choose another time'),
      press('Stop here'),
    ])
    assert.match(played.transcript, /do not understand/)
  })

  test('what the scheduler does not take is asked for again, in its words', async () => {
    const who = somebody()
    const played = await plays('scheduling_book', [
      ...toEastside,
      choose('Check-up'),
      press('Dr. Watt'),
      on(day(32)),
      choose(1),
      details({ ...who, email: 'pat at example' }, { 'Is this your first visit?': 'Yes' }),
      fill({ "That doesn't look like an e-mail": who.email }, 'Continue'),
      press('Yes, book it'),
    ])
    assert.deepEqual(await statuses(codeIn(played), who.email), ['booked'])
  })

  test('an answer that is none of the options is asked for again with them', async () => {
    const played = await plays(
      'scheduling_book',
      ['1', '98052', '1', 'check-up ($20)', '1', day(33), '1', '1', 'Pat Maybe', 'patmaybe@example.org', 'maybe', '-', '2', '1'],
      { channel: 'sms' },
    )
    assert.match(played.transcript, /1\. Yes\n2\. No/)
    assert.deepEqual(await statuses(codeIn(played), 'patmaybe@example.org'), ['booked'])
  })

  test('what is not understood is asked again; after the third time there are other ways', async () => {
    const played = await plays('scheduling_book', ['what?', 'hm', 'well', '0'], { channel: 'sms' })
    assert.match(played.transcript, /I did not get that/)
    assert.match(played.transcript, /Let us see how you can go on/)
  })

  test('a required text that does not come', async () => {
    const played = await plays(
      'scheduling_book',
      ['1', '98052', '1', '2', day(34), '1', '1', '-', '-', '-', '0'],
      { channel: 'sms' },
    )
    assert.match(played.transcript, /Let us see how you can go on/)
  })

  test('it is not for this patient: the details can be changed', async () => {
    const who = somebody()
    const played = await plays('scheduling_book', [
      ...toEastside,
      choose('Check for children'),
      on(day(35)),
      choose(1),
      details(who, { 'Date of birth': '1980-05-31' }),
      press('Change my details'),
      fill({ 'Date of birth': '2020-02-02' }, 'Continue'),
      press('Yes, book it'),
    ])
    assert.match(played.transcript, /for children only/)
  })

  test('too many bookings, and a booking that exists already', async () => {
    const who = somebody()
    const date = day(36)
    await plays('scheduling_book', [...toEastside, choose('Once at a time'), on(date), choose(1), details(who), press('Yes, book it')])
    const played = await plays('scheduling_book', [
      ...toEastside,
      choose('Once at a time'),
      on(day(37)),
      choose(1),
      details(who),
      press('Stop here'),
    ])
    assert.match(played.transcript, /at most 1 open booking/)
  })

  test('an unknown clinic or service is asked for again, and a missing choice of person too', async () => {
    for (const [outcome, button] of [
      ['unknownLocation', 'Continue'],
      ['unknownService', 'Stop here'],
      ['bookElsewhere', 'Stop here'],
      ['tooManyAttempts', 'Stop here'],
      ['notFound', 'Stop here'],
    ] as const) {
      const http = between(({ function: name }) => (name === 'get-slots' ? { outcome, say: 'No.', text: 'No.' } : undefined))
      const rest = outcome === 'unknownLocation' ? [fill({}, button), press('Stop here')] : [press(button)]
      await plays('scheduling_book', [...toEastside, choose('Flu shot'), soonest, ...rest], { http })
    }
  })

  test('the handler cannot be reached: told so, and tried again', async () => {
    let down = true
    const http = between(() => {
      if (down) throw new Error('connection refused')
    })
    const played = await plays(
      'scheduling_book',
      [
        press('For me'),
        fill({ 'Postal code': '98052' }, 'Continue'),
        press('Try again'),
        seeing(() => (down = false), press('Try again')),
        press('Book at Eastside'),
        press('Stop here'),
      ],
      { http },
    )
    assert.match(played.transcript, /cannot reach the calendar/)
  })

  test('the reply to a booking is lost: trying again books once, and tells the code', async () => {
    const who = somebody()
    let lost = false
    const send = overTheNetwork()
    const played = await plays(
      'scheduling_book',
      [...toEastside, choose('Flu shot'), on(day(38)), choose(1), details(who), press('Yes, book it'), press('Try again')],
      {
        http: async (sent) => {
          const received = await send(sent)
          if (!lost && sent.url.endsWith('/book') && !sent.body?.includes('"preview":true')) {
            lost = true
            throw new Error('socket hang up')
          }
          return received
        },
      },
    )
    assert.deepEqual(await statuses(codeIn(played), who.email), ['booked'])
    const found = await call('get-slots', { locationId: 'embedded:eastside', serviceId: 'flu', date: day(38), limit: 1 })
    assert.equal(found.slots[0].remaining, 1, 'one place is taken, not two')
  })

  test('the handler is slow: the bot gives up, and the same request finishes it', async () => {
    const who = somebody()
    let slow = true
    const send = overTheNetwork()
    const played = await plays(
      'scheduling_book',
      [...toEastside, choose('Flu shot'), on(day(39)), choose(1), details(who), press('Yes, book it'), press('Try again')],
      {
        http: async (sent) => {
          if (!slow || !sent.url.endsWith('/book') || sent.body?.includes('"preview":true')) return send(sent)
          slow = false
          const late = new Promise((resolve) => setTimeout(resolve, 300)).then(() => send(sent))
          void late.catch(() => {})
          return Promise.race([late, new Promise<never>((_, reject) => setTimeout(() => reject(new Error('timed out')), 100))])
        },
      },
    )
    assert.deepEqual(await statuses(codeIn(played), who.email), ['booked'])
  })

  test('a fault that can be told, and a booking that is still on its way', async () => {
    for (const outcome of ['unavailable', 'inProgress']) {
      let once = true
      const http = between(({ function: name, body }) => {
        if (name !== 'book' || body.preview || !once) return undefined
        once = false
        return { outcome, say: 'Wait.', text: 'Wait.', wayOn: { phone: '+1 425 555 0100', bookingPage: null, handoff: true } }
      })
      const played = await plays(
        'scheduling_book',
        [...toEastside, choose('Flu shot'), on(day(40)), choose(1), details(somebody()), press('Yes, book it'), press('Try again')],
        { http },
      )
      assert.match(played.transcript, /You're booked/)
    }
  })

  test('an outcome that nobody knows is owned up to', async () => {
    const http = between(({ function: name }) => (name === 'get-slots' ? { outcome: 'moonrise' } : undefined))
    const played = await plays('scheduling_book', [...toEastside, choose('Flu shot'), soonest, press('Stop here')], { http })
    assert.match(played.transcript, /do not understand/)
  })

  test('without the localisation table it speaks English', async () => {
    const played = await plays('scheduling_book', [press('Stop here')], { table: false, locale: 'en-US' })
    assert.match(played.transcript, /Who is the appointment for/)
  })

  test('in Spanish', async () => {
    const played = await plays(
      'scheduling_book',
      ['1', '98052', '1', '2', '1', '1', '3', '1', 'Pat Doe', 'patespanol@example.org', '1'],
      { channel: 'sms', locale: 'es-ES' },
    )
    assert.match(played.transcript, /¿Para quién es la cita\?/)
    assert.match(played.transcript, /código de confirmación/)
    assert.doesNotMatch(played.transcript.replace(/Eastside Clinic|Flu shot|patient:.*|Lakeside Clinic|Harbor Health|Moorside Clinic/g, ''), /\b(the|your|Please)\b/)
  })

  test('where the patient is may be told by the page of the bot', async () => {
    const heard: Call[] = []
    await plays('scheduling_book', [press('For me'), press('Stop here')], {
      visitor: { locale: 'en-US', location: { lat: 47.61, long: -122.33 } },
      http: between((asked) => void heard.push(asked)),
    })
    assert.deepEqual(heard[0]!.body.near, { latitude: 47.61, longitude: -122.33 })
  })
})

describe('scheduling_two_dose', () => {
  const twoDoses = [...toEastside, press('Vaccine')]
  const adult = { 'Date of birth': '1980-05-31', 'I agree to be vaccinated': 'yes' }

  test('books both doses, in one go', async () => {
    const who = somebody()
    const played = await plays('scheduling_two_dose', [
      ...twoDoses,
      on(day(10)),
      choose(3),
      seeing((prompt) => assert.match(prompt.text, /Dose 2/), soonest),
      choose(1),
      choose(4),
      details(who, adult),
      press('Yes, book it'),
    ])
    assert.match(played.transcript, /booked for 2 doses/)
    assert.deepEqual(await statuses(codeIn(played), who.email), ['booked', 'booked'])
  })

  test('the same as text', async () => {
    const played = await plays(
      'scheduling_two_dose',
      ['1', '98052', '1', '1', day(11), '1', '1', '1', '1', '1', '1', 'Pat Text', '1980-05-31', 'pat2text@example.org', '1', '1'],
      { channel: 'sms' },
    )
    isOnlyText(played)
    assert.deepEqual(await statuses(codeIn(played), 'pat2text@example.org'), ['booked', 'booked'])
  })

  test('a service with several doses is handed over by scheduling_book, without asking anything twice', async () => {
    const who = somebody()
    const played = await plays('scheduling_book', [
      ...toEastside,
      choose('Vaccine'),
      on(day(12)),
      choose(1),
      soonest,
      choose(1),
      choose(1),
      details(who, adult),
      press('Yes, book it'),
    ])
    assert.deepEqual(await statuses(codeIn(played), who.email), ['booked', 'booked'])
  })

  test('somebody takes the second dose: nothing is booked, another time for it is, and the first stays', async () => {
    const who = somebody()
    let taken = false
    const http = between(async (asked) => {
      if (asked.function !== 'book' || asked.body.preview || taken) return undefined
      taken = true
      // Both who give it are busy then, with something else.
      const second = await call('get-slots', { locationId: 'embedded:eastside', serviceId: 'flu', date: day(13 + 21), limit: 1000 })
      const start = JSON.parse(Buffer.from(asked.body.slotIds[1].slice(3), 'base64url').toString())[2]
      const same = second.slots.find((slot: any) => Date.parse(slot.start) / 1000 === start)
      for (let i = 0; i < 2; i++) {
        const reply = await call('book', { slotId: same.id, patient: somebody() })
        assert.equal(reply.outcome, 'booked', JSON.stringify(reply))
      }
      return undefined
    })
    const played = await plays(
      'scheduling_two_dose',
      [
        ...twoDoses,
        on(day(13)),
        choose(1),
        on(day(13 + 21)),
        choose(5),
        details(who, adult),
        press('Yes, book it'),
        choose(1),
        press('Yes, book it'),
      ],
      { http },
    )
    assert.match(played.transcript, /time for dose 2 is no longer free/)
    assert.deepEqual(await statuses(codeIn(played), who.email), ['booked', 'booked'])
  })

  test('a series that does not fit is refused as a whole, and chosen anew', async () => {
    const who = somebody()
    const heard: any[] = []
    const early = await call('get-slots', { locationId: 'embedded:eastside', serviceId: 'vaccine', date: day(15), limit: 1 })
    const http = between((asked) => {
      heard.push(asked)
      // The second dose on the day after the first, as no menu offers it.
      if (asked.function === 'get-slots' && asked.body.dose === 2 && heard.filter((one) => one.body.dose === 2).length === 1) {
        return { ...early, slots: [{ ...early.slots[0], dose: 2 }] }
      }
      return undefined
    })
    const played = await plays(
      'scheduling_two_dose',
      [
        ...twoDoses,
        on(day(14)),
        choose(1),
        on(day(15)),
        choose(1),
        details(who, adult),
        press('Choose another time'),
        on(day(16)),
        choose(1),
        soonest,
        choose(1),
        choose(1),
        press('Yes, book it'),
      ],
      { http },
    )
    assert.match(played.transcript, /Dose 2 has to be 21 to 28 days after dose 1/)
    assert.deepEqual(await statuses(codeIn(played), who.email), ['booked', 'booked'])
  })

  test('a clinic without a series', async () => {
    const played = await plays('scheduling_two_dose', [...toLakeside, press('Look somewhere else'), fill({}, 'Continue'), press('Stop here')])
    assert.match(played.transcript, /nothing in several doses/)
  })

  test('who does not agree is not booked', async () => {
    const played = await plays('scheduling_two_dose', [
      ...twoDoses,
      on(day(17)),
      choose(1),
      soonest,
      choose(1),
      choose(1),
      details(somebody(), { 'Date of birth': '1980-05-31' }),
      press('Stop here'),
    ])
    assert.doesNotMatch(played.transcript, /booked/)
  })
})

describe('scheduling_manage', () => {
  const proof = (code: string, contact: string) =>
    fill({ 'Confirmation code': code, 'E-mail address, phone': contact }, 'Continue')

  test('looks up, and leaves it as it is', async () => {
    const { code, email } = await booked('flu', [day(50)])
    const played = await plays('scheduling_manage', [proof(code.toLowerCase(), email), press('Leave it')])
    assert.match(played.transcript, /You have an appointment: Flu shot/)
    assert.deepEqual(await statuses(code, email), ['booked'])
  })

  test('cancels after a preview', async () => {
    const { code, email } = await booked('flu', [day(51)])
    const played = await plays('scheduling_manage', [proof(code, email), press('Cancel it'), press('Yes, cancel')])
    assert.match(played.transcript, /Cancelled: Flu shot/)
    assert.deepEqual(await statuses(code, email), ['cancelled'])
  })

  test('the same as text, with the date of birth for a proof', async () => {
    const { code, email } = await booked('flu', [day(52)])
    const played = await plays('scheduling_manage', [code, '1980-05-31', '2', '1'], { channel: 'sms' })
    isOnlyText(played)
    assert.deepEqual(await statuses(code, email), ['cancelled'])
  })

  test('thinks better of it', async () => {
    const { code, email } = await booked('flu', [day(53)])
    await plays('scheduling_manage', [proof(code, email), press('Cancel it'), press('Leave it')])
    await plays('scheduling_manage', [proof(code, email), press('Move it'), on(day(54)), choose(1), press('Leave it')])
    assert.deepEqual(await statuses(code, email), ['booked'])
  })

  test('of a series: the second dose alone, then all of it', async () => {
    const { code, email } = await booked('vaccine', [day(55), day(55 + 21)])
    await plays('scheduling_manage', [proof(code, email), press('Cancel it'), press('Dose 2'), press('Yes, cancel')])
    assert.deepEqual(await statuses(code, email), ['booked', 'cancelled'])
    const other = await booked('vaccine', [day(56), day(56 + 21)])
    await plays('scheduling_manage', [proof(other.code, other.email), press('Cancel it'), press('All of them'), press('Yes, cancel')])
    assert.deepEqual(await statuses(other.code, other.email), ['cancelled', 'cancelled'])
  })

  test('moves one appointment', async () => {
    const { code, email } = await booked('flu', [day(57)])
    const played = await plays('scheduling_manage', [proof(code, email), press('Move it'), on(day(58)), choose(3), press('Yes, move it')])
    assert.match(played.transcript, /Your appointment has moved/)
    const reply = await call('get-appointment', { confirmationCode: code, contact: { email } })
    assert.equal(reply.appointments[0].start.slice(0, 10), day(58))
  })

  test('moves the second dose, and a whole series', async () => {
    const { code, email } = await booked('vaccine', [day(59), day(59 + 21)])
    await plays('scheduling_manage', [proof(code, email), press('Move it'), press('Dose 2'), soonest, choose(3), choose(4), press('Yes, move it')])
    await plays('scheduling_manage', [
      proof(code, email),
      press('Move it'),
      press('All of them'),
      on(day(61)),
      choose(1),
      soonest,
      choose(1),
      choose(1),
      press('Choose another time'),
      on(day(62)),
      choose(1),
      soonest,
      choose(1),
      choose(1),
      press('Yes, move it'),
    ])
    const reply = await call('get-appointment', { confirmationCode: code, contact: { email } })
    assert.equal(reply.appointments[0].start.slice(0, 10), day(62))
    assert.equal(reply.appointments.length, 2)
  })

  test('the same as text', async () => {
    const { code, email } = await booked('flu', [day(63)])
    const played = await plays('scheduling_manage', [code, email, '1', day(64), '1', '2', '1'], { channel: 'sms' })
    isOnlyText(played)
    const reply = await call('get-appointment', { confirmationCode: code, contact: { email } })
    assert.equal(reply.appointments[0].start.slice(0, 10), day(64))
  })

  test('somebody takes the time it was to be moved to', async () => {
    const { code, email } = await booked('flu', [day(65)])
    let taken = false
    const http = between(async (asked) => {
      if (asked.function !== 'reschedule' || asked.body.preview || taken) return undefined
      taken = true
      for (let i = 0; i < 2; i++) await call('book', { slotIds: asked.body.slotIds, patient: somebody() })
      return undefined
    })
    const played = await plays(
      'scheduling_manage',
      [proof(code, email), press('Move it'), on(day(66)), choose(1), press('Yes, move it'), choose(1), press('Yes, move it')],
      { http },
    )
    assert.match(played.transcript, /no longer free/)
    assert.match(played.transcript, /has moved/)
  })

  test('a wrong code, then the right one', async () => {
    const { code, email } = await booked('flu', [day(67)])
    const played = await plays('scheduling_manage', [proof('AAAAA-BBBBB', email), proof(code, email), press('Leave it')])
    assert.match(played.transcript, /You have an appointment/)
  })

  test('a code and a contact that are none are asked for again', async () => {
    const { code } = await booked('flu', [day(68)])
    const played = await plays('scheduling_manage', [
      proof('7', '1'),
      (prompt) => fill(Object.fromEntries((prompt.cards[0] as any).body.map(({ label }: any) => [label, /code/.test(label) ? code : '+1 425 555 0111'])), 'Continue')(prompt),
      press('Stop here'),
    ])
    assert.ok(played.prompts.length >= 3, played.transcript)
  })

  test('too many attempts', async () => {
    const tries = Array.from({ length: 6 }, () => proof('AAAAA-CCCCC', 'guess@example.org'))
    const played = await plays('scheduling_manage', [...tries, press('Enter code'), press('Stop here')])
    assert.match(played.transcript, /[Tt]oo many/)
  })

  test('it is too late to change it', async () => {
    const { code, email } = await booked('fixed', [day(5)])
    const played = await plays('scheduling_manage', [proof(code, email), press('Stop here')])
    assert.match(played.transcript, /nothing I can change/)
  })

  test('it is cancelled already, also in the meantime', async () => {
    const { code, email } = await booked('flu', [day(69)])
    const http = between(async ({ function: name, body }) => {
      if (name === 'cancel' && !body.preview) await call('cancel', { confirmationCode: code, contact: { email } })
      return undefined
    })
    const played = await plays('scheduling_manage', [proof(code, email), press('Cancel it'), press('Yes, cancel')], { http })
    assert.match(played.transcript, /already cancelled/)
  })

  test('every call can be tried again', async () => {
    const { code, email } = await booked('flu', [day(70)])
    const failing = () => {
      const failed = new Set<string>()
      return between(({ function: name, body }) => {
        const key = `${name} ${body.preview}`
        if (failed.has(key)) return undefined
        failed.add(key)
        throw new Error('connection refused')
      })
    }
    const again = press('Try again')
    await plays(
      'scheduling_manage',
      [proof(code, email), again, press('Move it'), on(day(71)), again, choose(1), again, press('Yes, move it'), again],
      { http: failing() },
    )
    await plays('scheduling_manage', [proof(code, email), again, press('Cancel it'), again, press('Yes, cancel'), again], {
      http: failing(),
    })
    assert.deepEqual(await statuses(code, email), ['cancelled'])
  })
})

describe('scheduling_link', () => {
  test('shows the pages as cards, and as text', async () => {
    const rich = await plays('scheduling_link', [])
    assert.match(JSON.stringify(rich.messages[0]!.cards), /Action\.OpenUrl.*example\.org\/book\/eastside/)
    const text = await plays('scheduling_link', [], { channel: 'sms' })
    isOnlyText(text)
    assert.match(text.transcript, /Harbor Health: https:\/\/example\.org\/book\/harbor/)
  })

  test('when no clinic has one, or none answers, there is the page of the settings', async () => {
    const env = { schedulingBookingPage: 'https://example.org/book' }
    const http = between(() => ({ outcome: 'noLocations' }))
    const played = await plays('scheduling_link', [press('Stop here')], { http, env })
    assert.match(played.transcript, /Here is the page/)
    const none = between(() => ({ outcome: 'ok', locations: [{ name: 'A', label: 'A', bookingPage: null }] }))
    await plays('scheduling_link', [press('Stop here')], { http: none })
    const unknown = between(() => ({ outcome: 'moonrise' }))
    await plays('scheduling_link', [press('Stop here')], { http: unknown })
    let down = true
    const refused = between(() => {
      if (down) {
        down = false
        throw new Error('connection refused')
      }
    })
    await plays('scheduling_link', [press('Try again')], { http: refused })
  })

  test('what is typed there is read too', async () => {
    const http = between(() => ({ outcome: 'noLocations' }))
    await plays('scheduling_link', ['what?', 'hm', 'well', '1'], { http, channel: 'sms' })
  })
})

describe('scheduling_menu', () => {
  test('begins each of the others, and goes on until there is nothing else', async () => {
    const stop = press('Stop here')
    const played = await plays('scheduling_menu', [
      choose('Book an appointment'),
      stop,
      choose('Book a vaccination'),
      stop,
      choose('Look up'),
      stop,
      choose('Use the booking page'),
      choose('Talk to a person'),
    ])
    assert.match(played.transcript, /Is there anything else/)
    assert.match(played.transcript, /Type "agent"/)
  })

  test('as text, and with the phone of the settings', async () => {
    const played = await plays('scheduling_menu', ['nothing', 'no', 'hm', '1'], {
      channel: 'sms',
      env: { schedulingPhone: '+1 425 555 0100' },
    })
    isOnlyText(played)
    assert.match(played.transcript, /You can also call: \+1 425 555 0100/)
  })

  test('stops when it is told to', async () => {
    await plays('scheduling_menu', [press('Stop here')])
  })
})

test('every step of every export was played', () => {
  const { table, missing } = uncovered()
  console.log(table)
  assert.deepEqual(missing, [])
})
