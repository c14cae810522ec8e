// Booking one appointment.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { choose, fill, offered, press, send } from '../../headless/card.ts'
import { overTheNetwork } from '../../headless/play.ts'
import { between, call, codeIn, isOnlyText, plays, seeing, type Call } from '../played.ts'
import { day, details, on, rival, somebody, soonest, statuses, toEastside, toLakeside } from './patients.ts'

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
      ['1', '98052', '1', '3', '1', '1', '2', '1', 'Pat Text', 'pattext@example.org', 'yes'],
      { channel: 'sms' },
    )
    isOnlyText(played)
    assert.deepEqual(await statuses(codeIn(played), 'pattext@example.org'), ['booked'])
  })

  test('takes a date, a time of day and a title that are typed, and leaves out what may be left out', async () => {
    const date = day(20)
    const played = await plays(
      'scheduling_book',
      ['for me', '-', 'Eastside Clinic', '4', '3', date, '4', '2', 'Pat Typed', '+1 425 555 0199', 'no', '-', 'YES'],
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
      seeing(
        (prompt) =>
          assert.ok(
            offered(prompt).every((title) => /PM/.test(title)),
            offered(prompt).join(),
          ),
        choose(1),
      ),
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
      [
        ...toLakeside,
        press('Flu shot'),
        on(date),
        choose(1),
        details(somebody()),
        press('Yes, book it'),
        choose(2),
        press('Yes, book it'),
      ],
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
      seeing(
        (prompt) => assert.match(prompt.text, /don't know that place/),
        fill({ 'Postal code': '98052' }, 'Continue'),
      ),
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
    const played = await plays('scheduling_book', [
      ...toLakeside,
      press('Seldom done'),
      send({ 'On a certain day': day(-3) }, 'Continue'),
      choose(1),
      press('Stop here'),
    ])
    assert.match(played.transcript, /These times are free instead/)
  })

  test('what is missing on a card is asked for again, and after the third time there are other ways', async () => {
    const who = somebody()
    const played = await plays('scheduling_book', [
      ...toEastside,
      choose('Flu shot'),
      on(day(31)),
      choose(1),
      send({}, 'Continue'),
      seeing(
        (prompt) => assert.match(prompt.text, /required/),
        fill({ 'Your first and last name': who.name }, 'Continue'),
      ),
      seeing(
        (prompt) => assert.match(prompt.text, /e-mail address or a phone/),
        send({ 'Your first and last name': '' }, 'Continue'),
      ),
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
      seeing(
        (prompt) => assert.match(prompt.text, /doesn't look like an e-mail/),
        fill({ 'E-mail': who.email }, 'Continue'),
      ),
      press('Yes, book it'),
    ])
    assert.deepEqual(await statuses(codeIn(played), who.email), ['booked'])
  })

  test('an answer that is none of the options is asked for again with them', async () => {
    const played = await plays(
      'scheduling_book',
      [
        '1',
        '98052',
        '1',
        'check-up ($20)',
        '1',
        day(33),
        '1',
        '1',
        'Pat Maybe',
        'patmaybe@example.org',
        'maybe',
        '2',
        '-',
        'yes',
      ],
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
    const played = await plays('scheduling_book', ['1', '98052', '1', '3', day(34), '1', '1', '-', '-', '-', '0'], {
      channel: 'sms',
    })
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
    await plays('scheduling_book', [
      ...toEastside,
      choose('Once at a time'),
      on(date),
      choose(1),
      details(who),
      press('Yes, book it'),
    ])
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
      const http = between(({ function: name }) =>
        name === 'get-slots' ? { outcome, say: 'No.', text: 'No.' } : undefined,
      )
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
      [
        ...toEastside,
        choose('Flu shot'),
        on(day(38)),
        choose(1),
        details(who),
        press('Yes, book it'),
        press('Try again'),
      ],
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
    const found = await call('get-slots', {
      locationId: 'embedded:eastside',
      serviceId: 'flu',
      date: day(38),
      limit: 1,
    })
    assert.equal(found.slots[0].remaining, 1, 'one place is taken, not two')
  })

  test('the handler is slow: the bot gives up, and the same request finishes it', async () => {
    const who = somebody()
    let slow = true
    const send = overTheNetwork()
    const played = await plays(
      'scheduling_book',
      [
        ...toEastside,
        choose('Flu shot'),
        on(day(39)),
        choose(1),
        details(who),
        press('Yes, book it'),
        press('Try again'),
      ],
      {
        http: async (sent) => {
          if (!slow || !sent.url.endsWith('/book') || sent.body?.includes('"preview":true')) return send(sent)
          slow = false
          const late = new Promise((resolve) => setTimeout(resolve, 300)).then(() => send(sent))
          void late.catch(() => {})
          return Promise.race([
            late,
            new Promise<never>((_, reject) => setTimeout(() => reject(new Error('timed out')), 100)),
          ])
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
        return {
          outcome,
          say: 'Wait.',
          text: 'Wait.',
          wayOn: { phone: '+1 425 555 0100', bookingPage: null, handoff: true },
        }
      })
      const played = await plays(
        'scheduling_book',
        [
          ...toEastside,
          choose('Flu shot'),
          on(day(40)),
          choose(1),
          details(somebody()),
          press('Yes, book it'),
          press('Try again'),
        ],
        { http },
      )
      assert.match(played.transcript, /You're booked/)
    }
  })

  test('an outcome that nobody knows is owned up to', async () => {
    const http = between(({ function: name }) => (name === 'get-slots' ? { outcome: 'moonrise' } : undefined))
    const played = await plays('scheduling_book', [...toEastside, choose('Flu shot'), soonest, press('Stop here')], {
      http,
    })
    assert.match(played.transcript, /do not understand/)
  })

  test('without the localisation table it speaks English', async () => {
    const played = await plays('scheduling_book', [press('Stop here')], { table: false, locale: 'en-US' })
    assert.match(played.transcript, /Who is the appointment for/)
  })

  test('in Spanish', async () => {
    const played = await plays(
      'scheduling_book',
      ['1', '98052', '1', '3', '1', '1', '3', '1', 'Pat Doe', 'patespanol@example.org', 'Sí'],
      { channel: 'sms', locale: 'es-ES' },
    )
    assert.match(played.transcript, /¿Para quién es la cita\?/)
    assert.match(played.transcript, /código de confirmación/)
    assert.doesNotMatch(
      played.transcript.replace(
        /Eastside Clinic|Flu shot|patient:.*|Lakeside Clinic|Harbor Health|Moorside Clinic/g,
        '',
      ),
      /\b(the|your|Please)\b/,
    )
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
