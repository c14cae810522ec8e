// Going back and forth: what was known before must not be mixed up with what is meant now.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { inputsOf, type Element } from '../../engine/card.ts'
import { buttons, choose, fill, offered, press, send } from '../../headless/card.ts'
import { overTheNetwork } from '../../headless/play.ts'
import { between, call, codeIn, isOnlyText, plays, seeing, type Call } from '../played.ts'
import { booked, day, details, on, somebody, soonest, statuses, toEastside } from './patients.ts'

const proof = (code: string, contact: string) =>
  fill({ 'Confirmation code': code, 'E-mail address, phone': contact }, 'Continue')
const sms = { channel: 'sms' } as const

async function withSomebody(serviceId: string, practitionerId: string, date: string) {
  const found = await call('get-slots', { locationId: 'embedded:eastside', serviceId, practitionerId, date, limit: 1 })
  const who = { ...somebody(), phone: '+1 425 555 0123' }
  const answers = serviceId === 'checkup' ? { 'first-visit': 'Yes' } : {}
  const reply = await call('book', { slotId: found.slots[0].id, patient: { ...who, answers } })
  assert.equal(reply.outcome, 'booked', JSON.stringify(reply))
  return { code: reply.confirmationCode as string, email: who.email }
}

describe('back and forth', () => {
  test('an appointment stays with whom it is when it is moved', async () => {
    for (const [index, serviceId] of ['specialist', 'checkup'].entries()) {
      const { code, email } = await withSomebody(serviceId, 'okafor', day(180 + index))
      await plays('scheduling_manage', [
        proof(code, email),
        press('Move it'),
        on(day(182 + index)),
        choose(1),
        press('Yes, move it'),
      ])
      const reply = await call('get-appointment', { confirmationCode: code, contact: { email } })
      assert.equal(reply.appointments[0].practitioner, 'Nurse Okafor')
    }
  })

  test('while a booking may have been made, nothing is offered that could make a second one', async () => {
    const send = overTheNetwork()
    let lost = 0
    const who = somebody()
    const played = await plays(
      'scheduling_book',
      [
        ...toEastside,
        choose('Flu shot'),
        on(day(184)),
        choose(1),
        details(who),
        press('Yes, book it'),
        'what?',
        'hm',
        'well',
        seeing((prompt) => {
          assert.match(prompt.text, /may have been done already/)
          assert.deepEqual(
            buttons(prompt).filter((title) => title !== 'Open the booking page'),
            ['Try again', 'Talk to a person', 'Stop here'],
          )
        }, press('Try again')),
      ],
      {
        http: async (sent) => {
          const received = await send(sent)
          if (sent.url.endsWith('/book') && !sent.body?.includes('"preview":true') && lost++ === 0)
            throw new Error('hung up')
          return received
        },
      },
    )
    assert.deepEqual(await statuses(codeIn(played), who.email), ['booked'])
  })

  test('a second booking in the same conversation has nothing of the first', async () => {
    const [a, b] = [await booked('flu', [day(185)]), await booked('flu', [day(186)])]
    const lost = ['what?', 'hm', 'well']
    const played = await plays('scheduling_manage', [
      proof(a.code, a.email),
      press('Move it'),
      ...lost,
      press('Enter code'),
      proof(b.code, b.email),
      press('Cancel it'),
      ...lost,
      seeing(
        (prompt) => assert.ok(!buttons(prompt).includes('Choose another time'), buttons(prompt).join()),
        press('Stop here'),
      ),
    ])
    assert.match(played.transcript, /Shall I cancel it/)
    assert.deepEqual([await statuses(a.code, a.email), await statuses(b.code, b.email)], [['booked'], ['booked']])
  })

  test('a contact that is corrected takes the place of the wrong one', async () => {
    const heard: Call[] = []
    await plays(
      'scheduling_book',
      [
        '1',
        '98052',
        '1',
        '3',
        day(187),
        '1',
        '1',
        'Pat Doe',
        'wrong@example.org',
        '3',
        'Pat Doe',
        '+1 425 555 0133',
        'yes',
      ],
      { ...sms, http: between((asked) => void heard.push(asked)) },
    )
    const { patient, notify } = heard.at(-1)!.body
    assert.deepEqual([patient.email, patient.phone, notify], [undefined, '+1 425 555 0133', ['sms']])
  })

  test('what another scenario told, and does not fit, is asked', async () => {
    const args = (more: object) => ({ args: { whom: 'me', ...more } })
    const lakeside = [fill({ 'Postal code': '98033' }, 'Continue'), press('Book at Lakeside')]
    await plays('scheduling_book', [...lakeside, press('Flu shot'), press('Stop here')], args({ serviceId: 'checkup' }))
    await plays(
      'scheduling_book',
      [press('Look somewhere else'), ...lakeside, press('Stop here')],
      args({ locationId: 'embedded:harbor' }),
    )
    await plays(
      'scheduling_book',
      [press('Look somewhere else'), ...lakeside, press('Stop here')],
      args({ locationId: 'embedded:nowhere' }),
    )
    const single = await plays(
      'scheduling_two_dose',
      [choose('Vaccine'), press('Stop here')],
      args({ locationId: 'embedded:eastside', serviceId: 'flu' }),
    )
    assert.ok(single.prompts.some(({ text }) => text.includes('What is it for?')))
  })

  test('a date of birth as it is written in the US is one; what is no proof is asked for again, and read anew', async () => {
    const { code, email } = await booked('flu', [day(188)])
    const american = await plays('scheduling_manage', [code, '05/31/1980', '3'], sms)
    assert.match(american.transcript, /You have an appointment/)
    const corrected = await plays('scheduling_manage', [code, '31/31/1980', email, '3'], sms)
    isOnlyText(corrected)
    assert.match(corrected.transcript, /You have an appointment/)
  })

  test('of a series whose first dose is too near, the second can be cancelled', async () => {
    const { code, email } = await booked('late', [day(5), day(28)])
    await plays('scheduling_manage', [proof(code, email), press('Cancel it'), press('Yes, cancel')])
    assert.deepEqual(await statuses(code, email), ['booked', 'cancelled'])
  })

  test('where nothing is free, there is another place, and somebody else', async () => {
    await plays('scheduling_book', [
      press('For me'),
      fill({ 'Postal code': '80202' }, 'Continue'),
      press('Book at Moorside'),
      press('Flu shot'),
      soonest,
      press('Look somewhere else'),
      fill({ 'Postal code': '98052' }, 'Continue'),
      press('Book at Eastside'),
      press('Stop here'),
    ])
    const none = await call('get-slots', { locationId: 'embedded:moorside', serviceId: 'flu' })
    let first = true
    const http = between(({ function: name }) => {
      if (name !== 'get-slots' || !first) return undefined
      first = false
      return none
    })
    await plays(
      'scheduling_book',
      [
        ...toEastside,
        choose('Check-up'),
        press('Dr. Watt'),
        soonest,
        press('Choose with whom'),
        press('Whoever is free'),
        press('Stop here'),
      ],
      { http },
    )
    first = true
    await plays(
      'scheduling_two_dose',
      [...toEastside, choose('Course'), press('Dr. Watt'), soonest, press('Choose with whom'), press('Stop here')],
      { http },
    )
  })

  test('where the patient is, is handed on by the menu', async () => {
    const heard: Call[] = []
    await plays(
      'scheduling_menu',
      [press('Book an appointment'), press('For me'), press('Stop here'), press('Stop here')],
      {
        args: { location: { lat: 47.61, long: -122.33 } },
        http: between((asked) => void heard.push(asked)),
      },
    )
    assert.deepEqual(heard[0]!.body.near, { latitude: 47.61, longitude: -122.33 })
  })

  test('who types beside a form is asked field by field, and keeps what was filled in', async () => {
    const who = somebody()
    const played = await plays('scheduling_book', [
      ...toEastside,
      choose('Flu shot'),
      on(day(189)),
      choose(1),
      details(who),
      press('Change my details'),
      'hello',
      'Pat Doe the second',
      '-',
      '-',
      who.name,
      who.email,
      '-',
      press('Yes, book it'),
    ])
    assert.deepEqual(await statuses(codeIn(played), who.email), ['booked'])
  })

  test('an agreement is understood in words; a number with a dot too; one that is out of range is asked for again', async () => {
    const path = ['1.', '98052', '1.', '1', day(120), '1', '1', '1', '1', '1', '1']
    for (const words of ['yes', 'I agree', '1.']) {
      const answers = [...path, 'Pat Doe', '1980-05-31', somebody().email, words]
      const played = await plays('scheduling_two_dose', [...answers, '0'], sms)
      assert.match(played.transcript, /Shall I book it/)
    }
    const checkup = ['1', '98052', '1', '4', '3', day(121), '1', '1', 'Pat Doe', somebody().email]
    const played = await plays('scheduling_book', [...checkup, '7', '1.', '-', '0'], sms)
    assert.match(played.transcript, /I did not get that[^]*first visit[^]*Shall I book it/)
  })

  test('a place that is not known is asked for until the third time', async () => {
    const empty = send({ 'Postal code': '' }, 'Continue')
    for (const trigger of ['scheduling_book', 'scheduling_two_dose']) {
      const unknown = fill({ 'Postal code': '00000' }, 'Continue')
      const rich = await plays(trigger, [press('For me'), unknown, empty, empty, empty, press('Stop here')])
      assert.match(rich.transcript, /Let us see how you can go on/)
      const text = await plays(trigger, ['1', '00000', '-', '-', '-', '0'], sms)
      assert.match(text.transcript, /Let us see how you can go on/)
    }
  })

  test('who types beside a card of two fields is asked for both', async () => {
    const { code, email } = await booked('flu', [day(190)])
    const played = await plays('scheduling_manage', ['hello', code, email, press('Leave it')])
    assert.match(played.transcript, /You have an appointment/)
    const series = [...toEastside, choose('Vaccine'), on(day(122)), choose(1), soonest, choose(1), choose(1)]
    const empty = send({}, 'Continue')
    await plays('scheduling_two_dose', [...series, empty, empty, empty, press('Stop here')])
    await plays('scheduling_two_dose', [...series, 'hello', '0'])
  })

  test('it is said once that something was not understood', async () => {
    const played = await plays('scheduling_menu', ['what?', 'hm', '0'], sms)
    assert.equal(played.prompts.at(-1)!.text.split('I did not get that').length, 2)
  })

  test('the soonest is chosen beforehand', async () => {
    await plays('scheduling_book', [
      ...toEastside,
      choose('Flu shot'),
      press('Continue'),
      seeing((prompt) => assert.ok(offered(prompt).length > 3), press('Stop here')),
    ])
  })

  test('in a text message no number and no answer that comes twice is a yes', async () => {
    const heard: Call[] = []
    const http = between((asked) => void heard.push(asked))
    const written = () =>
      heard.filter(({ function: name, body }) => name !== 'get-slots' && !body.preview && body.requestId)
    const path = ['1', '98052', '1', '1', day(125), '1', '1', '1', '1', '1', '1', 'Pat Doe', '1980-05-31']
    for (const [agreed, late] of [
      ['1', '1'],
      ['yes', 'yes'],
    ]) {
      const who = somebody()
      const played = await plays('scheduling_two_dose', [...path, who.email, agreed!, late!, '0'], { ...sms, http })
      assert.match(played.prompts.at(-1)!.text, /nothing is done yet[^]*Shall I book it\?[^]*Reply YES/)
    }
    const { code, email } = await booked('flu', [day(191)])
    await plays('scheduling_manage', [code, email, '2', '1', '0'], { ...sms, http })
    await plays('scheduling_manage', [code, email, '1', day(192), '1', '1', '1', '0'], { ...sms, http })
    assert.deepEqual(written(), [])
    assert.deepEqual(await statuses(code, email), ['booked'])
  })

  test('what was answered is at the head of the next message, and shown as it was written', async () => {
    const played = await plays('scheduling_book', [
      ...toEastside,
      choose('Flu shot'),
      on(day(193)),
      choose(1),
      details({ name: 'Pat *Doe* <b>', email: somebody().email }),
      press('Stop here'),
    ])
    const texts = played.prompts.map(({ text }) => text)
    assert.match(texts[1]!, /^For me\. /)
    assert.match(texts[3]!, /^Eastside Clinic\. What is it for\?/)
    assert.match(texts[4]!, /^Flu shot\. /)
    assert.ok(texts.at(-1)!.startsWith('Pat \\*Doe\\* \\<b\\>'), texts.at(-1))
  })

  test('a wrong code stays in the form, and can be mended there', async () => {
    const { code, email } = await booked('flu', [day(194)])
    const played = await plays('scheduling_manage', [
      proof('AAAAA-AAAAA', email),
      seeing(
        (prompt) => assert.match(JSON.stringify(prompt.cards), new RegExp(`"value":"${email}"`)),
        fill({ 'Confirmation code': code }, 'Continue'),
      ),
      press('Leave it'),
    ])
    assert.match(played.transcript, /You have an appointment/)
  })

  test('a day that is past is refused in words, and the conversation can be stopped with it', async () => {
    const past = { 'On a certain day': day(-5) }
    await plays('scheduling_book', [
      ...toEastside,
      choose('Flu shot'),
      seeing(
        (prompt) => assert.throws(() => fill(past, 'Continue')(prompt), /Please choose a day from today on/),
        fill(past, 'Stop here'),
      ),
    ])
  })

  test('a form says what is needed, what is wrong, and which question each line is of', async () => {
    const path = [...toEastside, choose('Check-up'), press('Dr. Watt'), on(day(195)), choose(1)]
    const played = await plays('scheduling_book', [...path, 'hello', 'Pat Doe', somebody().email, '-', '2', '0'])
    const [card] = played.prompts.find(({ text }) => text.includes('a few details'))!.cards as [Element]
    const labels = inputsOf(card).map(({ label }) => label)
    assert.ok(labels.includes('E-mail address (or a phone number)'), labels.join())
    assert.ok(labels.includes('Phone number (or an e-mail address)'), labels.join())
    assert.equal(
      inputsOf(card).find(({ label }) => label === 'Is this your first visit?')!.errorMessage,
      'Please choose one.',
    )
    assert.ok(
      played.prompts.some(({ text }) => text.includes('1. Yes\n\n2. No\n\nReply 0 to stop.')),
      played.transcript,
    )
  })

  test('a code is not broken at its hyphen, and is taken as it is shown', async () => {
    const who = somebody()
    const played = await plays('scheduling_book', [
      ...toEastside,
      choose('Flu shot'),
      on(day(196)),
      choose(1),
      details(who),
      press('Yes, book it'),
    ])
    const said = played.messages.at(-1)!.text
    assert.match(said, /code is [0-9A-Z]{5}\u2011[0-9A-Z]{5}\./)
    assert.deepEqual(await statuses(codeIn(played), who.email), ['booked'])
  })
})
