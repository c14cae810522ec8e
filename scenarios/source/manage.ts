import { afterHead, AGAIN, form, pick } from './asking.ts'
import { act, branch, js, say, type Source } from './building.ts'
import { ask, ending, start } from './scheduling.ts'
import { times } from './times.ts'

const PROOF = js`"confirmationCode": scenario.proof.confirmationCode, "contact": scenario.proof.contact`

/** The code or the contact will not do. */
const NOT_OPENED = { notFound: 'notFound', tooManyAttempts: 'wayOn', needsInput: 'proofAgain' }

export default {
  name: 'Scheduling: look up, move or cancel',
  trigger: 'scheduling_manage',
  description:
    'Finds an appointment by its confirmation code and one contact detail, and moves or cancels it after a preview.',
  steps: [
    start(),
    ...form('proof', {
      make: js`
form(scenario.t.findIt, [
  { name: 'confirmationCode', label: scenario.t.code, kind: 'text', options: [], required: true },
  { name: 'contact', label: scenario.t.contact, kind: 'text', options: [], required: true }
]);`,
      done: 'proofKeep',
    }),
    act('proofAgain', js`${AGAIN}again(scenario.reply);`, {
      label: 'Ask again for what will not do',
      next: 'proofChannel',
    }),
    act(
      'proofKeep',
      js`
var given = scenario.given;
var contact = {};
var typed = given.contact || '';
if (typed.indexOf('@') >= 0) contact.email = typed;
else if (/^\d{1,4}[.\/-]\d{1,2}[.\/-]\d{1,4}$/.test(typed)) contact.birthDate = typed;
else if (typed) contact.phone = typed;
scenario.proof = { confirmationCode: given.confirmationCode, contact: contact };`,
      { label: 'Keep code and contact' },
    ),
    ...ask('find', 'get-appointment', PROOF, { found: 'found', ...NOT_OPENED }),
    act('notFound', js`scenario.head = scenario.head + scenario.reply.say + '\n';`, {
      label: 'Nothing is found: what was typed stays in the form',
      next: 'proof',
    }),
    act(
      'found',
      js`
var all = scenario.reply.appointments;
scenario.toCancel = [];
scenario.toMove = [];
// A series is moved or cancelled as a whole only while none of it is over or too close.
scenario.wholeMoves = true;
scenario.wholeCancels = true;
scenario.moving = null;
scenario.dose = null;
scenario.doses = [];
for (var i = 0; i < all.length; i++) {
  var choice = { title: scenario.t.dose + ' ' + all[i].dose + ': ' + all[i].label, value: String(all[i].dose) };
  var stands = all[i].status.indexOf('cancelled') !== 0;
  if (all[i].canCancel) scenario.toCancel.push(choice);
  else if (stands) scenario.wholeCancels = false;
  if (all[i].canReschedule) scenario.toMove.push(choice);
  else if (stands) scenario.wholeMoves = false;
}
scenario.site = all[0].location;
scenario.service = { id: all[0].serviceId };
scenario.practitionerId = null;
scenario.head = scenario.head + scenario.reply.text + '\n';`,
      { label: 'Tell the appointments, and what can be changed' },
    ),
    branch(
      'canChange',
      'scenario.toCancel.length + scenario.toMove.length > 0',
      { yes: 'what', no: 'fixed' },
      {
        label: 'Can anything be changed?',
      },
    ),
    act(
      'fixed',
      js`scenario.reply = { outcome: '', say: scenario.t.cannotChange, text: scenario.t.cannotChange, wayOn: { handoff: true } };`,
      { label: 'Nothing can be changed here', next: 'wayOn' },
    ),
    ...pick('what', {
      menu: js`
var choices = [];
if (scenario.toMove.length > 0) choices.push({ title: scenario.t.move, value: '@move' });
if (scenario.toCancel.length > 0) choices.push({ title: scenario.t.cancel, value: '@cancel' });
choices.push({ title: scenario.t.keep, value: '@keep' });
menu(scenario.t.whatNow, choices, []);`,
      cases: { '@move': 'severalToMove', '@cancel': 'severalToCancel' },
      chosen: 'unchanged',
    }),
    say('unchanged', afterHead('scenario.t.unchanged'), { next: 'forget' }),

    // Cancelling
    branch(
      'severalToCancel',
      'scenario.toCancel.length > 1',
      { yes: 'whichCancel', no: 'cancelAll' },
      {
        label: 'Are there several to cancel?',
      },
    ),
    ...pick('whichCancel', {
      menu: js`menu(scenario.t.whichCancel, scenario.toCancel, scenario.wholeCancels ? [{ title: scenario.t.allOfThem, value: '@all' }] : []);`,
      cases: { '@all': 'cancelAll' },
      chosen: 'cancelOne',
    }),
    act('cancelOne', js`scenario.moving = null; scenario.dose = scenario.picked;`, {
      label: 'From this dose on',
      next: 'cancelCheck',
    }),
    act(
      'cancelAll',
      js`scenario.moving = null; scenario.dose = scenario.toCancel.length === 1 ? scenario.toCancel[0].value : null;`,
      { label: 'The whole booking' },
    ),
    ...ask('cancelCheck', 'cancel', js`${PROOF}, "dose": scenario.dose, "preview": true`, {
      preview: 'cancelConfirm',
      alreadyCancelled: 'done',
      tooLate: 'wayOn',
      inProgress: 'wayOn',
      ...NOT_OPENED,
    }),
    ...pick('cancelConfirm', {
      menu: js`
scenario.requestId = scenario.reply.requestId;
menu(scenario.reply.text, [
  { title: scenario.t.sureCancel, value: '@yes' },
  { title: scenario.t.keep, value: '@keep' }
], [], { sure: scenario.t.replyCancel });`,
      cases: { '@yes': 'cancel' },
      chosen: 'unchanged',
    }),
    ...ask('cancel', 'cancel', js`${PROOF}, "dose": scenario.dose, "requestId": scenario.requestId`, {
      cancelled: 'done',
      alreadyCancelled: 'done',
      tooLate: 'wayOn',
      inProgress: 'wayOn',
      ...NOT_OPENED,
    }),

    // Moving
    branch(
      'severalToMove',
      'scenario.toMove.length > 1',
      { yes: 'whichMove', no: 'moveAll' },
      {
        label: 'Are there several to move?',
      },
    ),
    ...pick('whichMove', {
      menu: js`menu(scenario.t.whichMove, scenario.toMove, scenario.wholeMoves ? [{ title: scenario.t.allOfThem, value: '@all' }] : []);`,
      cases: { '@all': 'moveAll' },
      chosen: 'moveOne',
    }),
    act(
      'moveOne',
      js`
scenario.dose = Number(scenario.picked);
scenario.doses = [scenario.dose];`,
      { label: 'Only this one', next: 'moving' },
    ),
    act(
      'moveAll',
      js`
scenario.dose = null;
scenario.doses = [];
for (var i = 0; i < scenario.toMove.length; i++) scenario.doses.push(Number(scenario.toMove[i].value));
if (scenario.doses.length === 1) scenario.dose = scenario.doses[0];`,
      { label: 'All that can be moved' },
    ),
    act(
      'moving',
      js`
scenario.moving = {
  confirmationCode: scenario.proof.confirmationCode, contact: scenario.proof.contact, dose: scenario.dose
};`,
      { label: 'What is moved' },
    ),
    ...times({
      chosen: 'moveCheck',
      unknownLocation: 'wayOn',
      unknownService: 'wayOn',
      needsInput: 'proofAgain',
      notFound: 'notFound',
    }),
    ...ask(
      'moveCheck',
      'reschedule',
      js`${PROOF}, "dose": scenario.dose, "slotIds": scenario.slotIds, "preview": true`,
      {
        preview: 'moveConfirm',
        slotTaken: 'taken',
        notBookable: 'wayOn',
        seriesInterval: 'wayOn',
        tooLate: 'wayOn',
        alreadyCancelled: 'done',
        inProgress: 'wayOn',
        ...NOT_OPENED,
      },
    ),
    ...pick('moveConfirm', {
      menu: js`
scenario.requestId = scenario.reply.requestId;
menu(scenario.reply.say, [
  { title: scenario.t.sureMove, value: '@yes' },
  { title: scenario.t.otherTime, value: '@times' },
  { title: scenario.t.keep, value: '@keep' }
], [], { sure: scenario.t.replyMove });`,
      cases: { '@yes': 'move', '@times': 'times' },
      chosen: 'unchanged',
    }),
    ...ask(
      'move',
      'reschedule',
      js`${PROOF}, "dose": scenario.dose, "slotIds": scenario.slotIds, "requestId": scenario.requestId`,
      {
        rescheduled: 'done',
        slotTaken: 'taken',
        notBookable: 'wayOn',
        seriesInterval: 'wayOn',
        tooLate: 'wayOn',
        alreadyCancelled: 'done',
        inProgress: 'wayOn',
        ...NOT_OPENED,
      },
    ),

    say('done', afterHead('scenario.reply.text'), { label: 'Tell what was done', next: 'forget' }),
    ...ending({
      retries: ['find', 'cancelCheck', 'cancel', 'slots', 'moveCheck', 'move'],
      writes: ['cancel', 'move'],
      ways: js`
if (scenario.moving) ways.push({ title: scenario.t.otherTime, value: '@times' });
ways.push({ title: scenario.t.otherCode, value: '@code' });`,
      cases: { '@times': 'times', '@code': 'proof' },
    }),
  ],
} satisfies Source
