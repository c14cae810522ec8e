// Booking, from who it is for to the confirmation code. `book.ts` and `two-dose.ts` are made of it.

import { act, branch, js, say, type Named } from './building.ts'
import { afterHead, AGAIN, form, pick } from './asking.ts'
import { whereAndWhat } from './places.ts'
import { ask, ending, start } from './scheduling.ts'
import { times } from './times.ts'

/** What a preview and a booking can both answer, and where that leads. */
const REFUSED = {
  needsInput: 'detailsAgain',
  slotTaken: 'taken',
  alreadyBooked: 'wayOn',
  alreadyCancelled: 'wayOn',
  notBookable: 'wayOn',
  notEligible: 'wayOn',
  seriesInterval: 'wayOn',
  tooManyBookings: 'wayOn',
  inProgress: 'wayOn',
}

/** `series`: only what takes several doses; otherwise, what takes several is left to the scenario for that. */
export function booking({ series }: { series: boolean }): Named[] {
  return [
    start(),
    act(
      'remember',
      js`
scenario.whom = scenario.args.whom || '';
scenario.slotIds = [];
scenario.given = {};`,
      { label: 'What the arguments say' },
    ),
    branch('whomKnown', 'scenario.whom', { yes: 'where', no: 'whom' }, { label: 'Is it known for whom?' }),
    ...pick('whom', {
      menu: js`
menu(scenario.t.whom, [
  { title: scenario.t.me, value: 'me' },
  { title: scenario.t.child, value: 'child' },
  { title: scenario.t.other, value: 'other' }
], []);`,
      chosen: 'whomKeep',
    }),
    act('whomKeep', js`scenario.whom = scenario.picked;`, { label: 'Keep for whom' }),

    ...whereAndWhat({ series, chosen: 'times' }),

    ...times({
      chosen: 'detailsKnown',
      unknownLocation: 'place',
      unknownService: 'service',
      needsInput: 'practitioner',
      notFound: 'wayOn',
    }),

    branch(
      'detailsKnown',
      "scenario.given['patient.name']",
      { yes: 'preview', no: 'details' },
      {
        label: 'Are the details known?',
      },
    ),
    ...form('details', {
      make: js`
var t = scenario.t;
var service = scenario.service;
var self = scenario.whom === 'me';
var fields = [];
function field(name, label, kind, required) {
  var made = { name: name, label: label, kind: kind, options: [], required: required };
  fields.push(made);
  return made;
}
function demanded(name) { return service.requires.indexOf(name) >= 0; }
field('patient.name', self ? t.name : t.patientName, 'text', true);
if (demanded('birthDate')) field('patient.birthDate', t.birthDate, 'date', true).text = t.birthDateText;
var either = !demanded('email') && !demanded('phone');
if (scenario.sms && either) field('patient.contact', t.emailOrPhone, 'text', true);
if (demanded('email') || (either && !scenario.sms)) field('patient.email', t.email, 'email', demanded('email')).hint = either && t.orPhone;
if (demanded('phone') || (either && !scenario.sms)) field('patient.phone', t.phone, 'phone', demanded('phone')).hint = either && t.orEmail;
if (!self) {
  field('bookedBy.name', t.yourName, 'text', true);
  field('bookedBy.relation', t.relation, 'text', false);
}
for (var q = 0; q < service.questions.length; q++) {
  var question = service.questions[q];
  field('patient.answers.' + question.id, question.text, question.options.length > 0 ? 'choice' : 'text', question.required).options = question.options;
}
if (service.consent) {
  var consent = service.consent;
  var agreed = field('patient.consentId', consent.text, 'agree', true);
  agreed.value = consent.id;
  agreed.url = consent.url;
  agreed.text = consent.text + (consent.url ? ' ' + consent.url : '');
}
form(t.details, fields);
scenario.asked.contact = either;`,
      done: 'preview',
    }),
    act('detailsAgain', js`${AGAIN}again(scenario.reply);`, {
      label: 'Ask again for what will not do',
      next: 'detailsChannel',
    }),

    act(
      'preview',
      js`
var given = scenario.given;
var patient = { answers: {} };
var bookedBy = {};
for (var name in given) {
  if (name.indexOf('patient.answers.') === 0) patient.answers[name.slice(16)] = given[name];
  else if (name.indexOf('patient.') === 0) patient[name.slice(8)] = given[name];
  else if (name.indexOf('bookedBy.') === 0) bookedBy[name.slice(9)] = given[name];
}
var notify = [];
if (patient.email) notify.push('email');
if (patient.phone) notify.push('sms');
scenario.booking = { patient: patient, bookedBy: bookedBy, notify: notify };`,
      { label: 'Put the request together' },
    ),
    ...ask(
      'check',
      'book',
      js`"slotIds": scenario.slotIds, "patient": scenario.booking.patient, "bookedBy": scenario.booking.bookedBy,
  "notify": scenario.booking.notify, "preview": true`,
      { preview: 'confirm', ...REFUSED },
    ),
    ...pick('confirm', {
      menu: js`
scenario.requestId = scenario.reply.requestId;
menu(scenario.reply.say, [
  { title: scenario.t.sureBook, value: '@yes' },
  { title: scenario.t.otherTime, value: '@times' },
  { title: scenario.t.changeDetails, value: '@details' }
], [], { sure: scenario.t.replyBook });`,
      cases: { '@yes': 'book', '@times': 'times' },
      chosen: 'details',
    }),
    ...ask(
      'book',
      'book',
      js`"slotIds": scenario.slotIds, "patient": scenario.booking.patient, "bookedBy": scenario.booking.bookedBy,
  "notify": scenario.booking.notify, "requestId": scenario.requestId`,
      { booked: 'booked', ...REFUSED },
    ),
    say('booked', afterHead('scenario.reply.text'), { label: 'Booked', next: 'forget' }),
    ...ending({
      retries: ['locations', 'slots', 'check', 'book'],
      writes: ['book'],
      ways: js`
var service = scenario.service && scenario.service.practitioners ? scenario.service : null;
if (service) ways.push({ title: scenario.t.otherTime, value: '@times' });
if (service && scenario.practitionerId) ways.push({ title: scenario.t.otherPractitioner, value: '@who' });
if (reply.outcome === 'notEligible') ways.push({ title: scenario.t.changeDetails, value: '@details' });
ways.push({ title: scenario.t.elsewhere, value: '@where' });`,
      cases: { '@where': 'place', '@times': 'times', '@who': 'practitioner', '@details': 'details' },
    }),
  ]
}
