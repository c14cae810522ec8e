// How a question is asked and its answer read: with a card where the channel shows cards, with numbered text where it does
// not. What is required is looked after here, since not every channel lets a card see to it.
//
// Chat clients leave old cards live, and a press can come late or twice. So each time a question is asked it gets an id of
// its own, which its buttons send along; what carries another id only has the present question asked again.

import {
  act,
  askByAnything,
  askByCard,
  askByText,
  branch,
  choose,
  js,
  together,
  type Named,
  type Target,
} from './building.ts'
import { LONGEST_TITLE } from '../player/engine/card.ts'

/** Steps that every scenario has: `ending()` in scheduling.ts. */
export const STOP = 'bye'
export const LOST = 'lost'

/**
 * Labels of fields, what is required and what a button sends are of 1.3. Web Chat looks after them in a card of 1.2 too,
 * which versions before 4.12 show, without labels, while they refuse one of 1.3. A channel that shows no card at all has
 * the fallback text, and what is typed instead is read as well. `speak` is the name of the card for a screen reader.
 */
const CARD = js`{
  "type": "AdaptiveCard",
  "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
  "version": "1.2",
  "speak": scenario.asked.question,
  "fallbackText": scenario.asked.fallback,
  "body": scenario.asked.body,
  "actions": scenario.asked.actions
}`

/** What is said at the head of the next message, and after it the value of an expression. */
export function afterHead(text: string): string {
  return js`(function () {${RICH}return rich(scenario.head + ${text});})()`
}

/**
 * Rich channels read Markdown, in which a line ends only with an empty one (Web Chat's `breaks` is off:
 * https://github.com/microsoft/BotFramework-WebChat/pull/1988). A code is not broken at its hyphen; the scheduler takes it
 * with any hyphen.
 */
const RICH = js`
function rich(text) {
  if (scenario.sms) return text;
  return text.replace(/\n/g, '\n\n').replace(/\b([0-9A-Z]{5})-([0-9A-Z]{5})\b/g, '$1\u2011$2');
}
`

/**
 * `plain(text)` keeps what patients and clinics write from being read as Markdown or HTML, and from becoming a link.
 * `sayBack(titles)` puts what was answered at the head of the next message, since a client need not show what was pressed.
 * `ready(head)` makes the question of `scenario.asked` one that was not asked before.
 */
const SAYING = js`
${RICH}
function plain(text) {
  if (scenario.sms) return text;
  return text.replace(/[!-\/:-@\[-\x60{-~]/g, function (mark, at) {
    // What means nothing where it stands stays as it is: not every channel takes the backslash away.
    var left = text.charAt(at - 1);
    var right = text.charAt(at + 1);
    var once = text.indexOf(mark) === text.lastIndexOf(mark);
    var harmless = mark === '%' || (mark === ',' && left !== ',' && right !== ',') ||
      (/[-:.\/]/.test(mark) && /\d/.test(left) && /\d/.test(right)) ||
      (mark === '-' && /[A-Za-z]/.test(left) && /[A-Za-z0-9]/.test(right)) ||
      (mark === '.' && /[A-Za-z]/.test(left) && /^ ?$/.test(right)) ||
      (/[?$]/.test(mark) && once) ||
      (mark === '(' && !/^\((c|r|tm|p)\)/i.test(text.slice(at))) ||
      (mark === ')' && !/^\d+$/.test(text.slice(0, at)));
    return harmless ? mark : '\\' + mark;
  });
}
function sayBack(titles) {
  var said = titles.join(', ');
  // A number with a dot would begin a list in Markdown.
  var stop = /[.!?]$/.test(said) ? '' : /^\d+$/.test(said) ? plain('.') : '.';
  scenario.head = !said ? '' : plain(said) + stop + (titles.length > 1 ? '\n' : ' ');
}
function identify(part, id) {
  if (!part || typeof part !== 'object') return;
  if (part.type === 'Action.Submit') {
    part.data = part.data || {};
    part.data.question = id;
  }
  for (var key in part) identify(part[key], id);
}
function ready(head) {
  var asked = scenario.asked;
  asked.id = new Date().getTime() + '-' + Math.random().toString(36).slice(2, 10);
  identify(asked.body, asked.id);
  identify(asked.actions, asked.id);
  asked.say = rich(head + (scenario.sms ? asked.list : asked.question));
  scenario.head = '';
}
function isLate(card) {
  return card.question !== scenario.asked.id;
}
function trimmed(value) {
  return typeof value === 'string' ? value.replace(/^\s+|\s+$/g, '') : '';
}
function isStop(typed) {
  return /^0[.)]?$/.test(typed) || typed.toLowerCase() === scenario.t.stop.toLowerCase();
}
`

/**
 * `titled(long, short)`: a title that is not cut.
 *
 * `menu(say, choices, buttons, shape)`: few that are short are buttons all; otherwise the choices are a list. A choice is
 * {title, value}, and `said` where it is said back in other words. `shape` is what differs: `body` and `actions` of the card,
 * `links` above them, `before` and `after` (lines of a text message around the list), `dates` (one may be given instead),
 * `parts` (of the day), and `sure`: something is written after a yes. That is the first choice, and in a text message no
 * number will do for it.
 */
export const MENU = js`
${SAYING}
function button(title, value) {
  return { type: 'Action.Submit', title: title, data: { pressed: value }, associatedInputs: 'none' };
}
function titled(long, short) {
  return long.length <= ${LONGEST_TITLE} ? long : short;
}
function heading(text, separator) {
  return { type: 'TextBlock', text: plain(text), style: 'heading', size: 'Medium', weight: 'Bolder', wrap: true, separator: separator };
}
function menu(say, choices, buttons, shape) {
  shape = shape || {};
  var all = choices.concat(buttons);
  var lines = [say].concat(shape.before || []);
  var short = true;
  for (var i = 0; i < all.length; i++) {
    if (all[i].title.length > ${LONGEST_TITLE}) short = false;
    lines.push(shape.sure && i === 0 ? shape.sure : (i + 1) + '. ' + all[i].title);
  }
  lines = lines.concat(scenario.t.replyNumber, shape.after || []);
  var body = shape.body || [];
  var actions = [];
  if (all.length <= 5 && short) {
    buttons = all;
  } else if (!shape.actions) {
    body.push({
      type: 'Input.ChoiceSet', id: 'picked', label: scenario.t.choose, placeholder: scenario.t.choose, choices: choices,
      style: short ? 'compact' : 'expanded', wrap: true, isRequired: true, errorMessage: scenario.t.chooseOne
    });
    actions.push({ type: 'Action.Submit', title: scenario.t.submit });
  }
  for (var j = 0; j < buttons.length; j++) actions.push(button(buttons[j].title, buttons[j].value));
  var text = lines.join('\n');
  scenario.asked = {
    question: say, list: text, fallback: text, all: all, body: body,
    actions: (shape.links || []).concat(shape.actions || actions, button(scenario.t.stop, '@stop')),
    sure: !!shape.sure, dates: !!shape.dates, parts: shape.parts || []
  };
  ready(scenario.head);
}
`

/** What was picked is in `scenario.picked`: a value, or `@nothing`, `@lost` after the third time, `@stop`. */
const READ_MENU = js`
${SAYING}
var asked = scenario.asked;
var card = scenario.answer && typeof scenario.answer === 'object' ? scenario.answer : null;
var typed = trimmed(scenario.answer).toLowerCase();
var number = typed.replace(/[.)]$/, '');
var pressed = card ? trimmed(card.pressed) || trimmed(card.date) || trimmed(card.picked) : '';
var picked = '';
var title = '';
var why = card && isLate(card) ? scenario.t.late : '';
if (!why) {
  for (var i = 0; i < asked.all.length; i++) {
    var choice = asked.all[i];
    var named = number === String(i + 1) || typed === choice.title.toLowerCase();
    if (pressed ? pressed === choice.value : named) {
      picked = choice.value;
      title = choice.said || choice.title;
    }
  }
  if (asked.sure && typed) {
    if (/^(yes|s[i\u00ed])[.!]?$/.test(typed)) {
      picked = '@yes';
      title = asked.all[0].title;
    }
    // A number, or what the question before was answered with, may be sent twice, or late.
    if (picked === '@yes' && (number === '1' || typed === scenario.typed)) {
      picked = '';
      typed = '';
      why = scenario.t.early;
    }
  }
  if (asked.dates) {
    var date = pressed || typed;
    if (/^\d{4}-\d\d-\d\d$/.test(date) && moment(date, 'YYYY-MM-DD', true).isValid()) picked = title = date;
  }
  if (pressed === '@stop' || isStop(typed)) {
    picked = '@stop';
    title = scenario.t.stop;
  }
}
scenario.typed = typed;
scenario.answer = '';
if (picked) {
  scenario.tries = 0;
  scenario.picked = picked;
  sayBack([title]);
  if (card) {
    for (var j = 0; j < asked.parts.length; j++) {
      if (card.part !== asked.parts[j].value || picked === '@stop') continue;
      scenario.part = card.part;
      if (j > 0) sayBack([title + ', ' + asked.parts[j].title]);
    }
  }
} else {
  if (why !== scenario.t.late) scenario.tries = (scenario.tries || 0) + 1;
  scenario.picked = scenario.tries < 3 ? '@nothing' : '@lost';
  ready((why || scenario.t.notUnderstood) + ' ');
}
`

interface Picking {
  /** Calls `menu`. */
  menu: string
  /** Where values lead that are none of a thing: `@other` and the like. */
  cases?: Record<string, Target>
  /** Where any other value leads. */
  chosen: Target
  /** Only where there are no cards. */
  textOnly?: true
}

/** One of several. Other steps may make a menu too and go on to `<name>Channel`. */
export function pick(name: string, { menu, cases = {}, chosen, textOnly }: Picking): Named[] {
  const ask = `${name}Channel`
  const text = askByText(textOnly ? ask : `${name}Text`, 'scenario.asked.say', 'answer', { next: `${name}Read` })
  const byChannel = [
    branch(ask, 'scenario.sms', { yes: `${name}Text`, no: `${name}Card` }),
    askByCard(`${name}Card`, 'scenario.asked.say', CARD, 'answer', { next: `${name}Read` }),
  ]
  const steps = [
    act(name, `${MENU}${menu}`),
    ...(textOnly ? [] : byChannel),
    text,
    act(`${name}Read`, READ_MENU),
    choose(`${name}Picked`, 'scenario.picked', { '@nothing': ask, '@lost': LOST, '@stop': STOP, ...cases }, chosen),
  ]
  return together(
    name,
    textOnly
      ? []
      : [
          [0, 0],
          [1, 0],
          [2, 0],
          [2, 1],
          [3, 0],
          [4, 0],
        ],
    steps,
  )
}

/**
 * `form(say, fields)`: a field is {name, label, kind, options, value, required}. What is known already is filled in; whoever
 * need not give it is told so by `hint`, or that it is optional.
 */
export const FORM = js`
${SAYING}
function missing(kind) {
  var t = scenario.t;
  return { choice: t.chooseOne, agree: t.agreeFirst, date: t.giveDate }[kind] || t.giveText;
}
function form(say, fields) {
  var t = scenario.t;
  var known = scenario.given = scenario.given || {};
  var body = [];
  for (var i = 0; i < fields.length; i++) {
    var field = fields[i];
    var hint = field.hint || (field.required ? '' : t.optional);
    var input = {
      type: 'Input.Text', id: 'f' + i, label: field.label + (hint ? ' (' + hint + ')' : ''), placeholder: field.label,
      value: known[field.name]
    };
    if (field.kind === 'email') input.style = 'Email';
    if (field.kind === 'phone') input.style = 'Tel';
    if (field.kind === 'date') input.type = 'Input.Date';
    if (field.kind === 'choice') {
      input.type = 'Input.ChoiceSet';
      input.style = 'expanded';
      input.wrap = true;
      input.choices = [];
      for (var j = 0; j < field.options.length; j++) {
        input.choices.push({ title: field.options[j], value: field.options[j] });
      }
    }
    if (field.kind === 'agree') {
      // What is agreed to is never left to a label.
      body.push({ type: 'TextBlock', text: plain(field.label), wrap: true });
      if (field.url) body.push({ type: 'TextBlock', text: '[' + t.readAll + '](' + field.url + ')', wrap: true });
      input = {
        type: 'Input.Toggle', id: 'f' + i, label: t.consent, title: t.agree, wrap: true,
        valueOn: field.value, valueOff: '', value: known[field.name]
      };
    }
    if (field.required) {
      input.isRequired = true;
      input.errorMessage = missing(field.kind);
    }
    body.push(input);
  }
  scenario.asked = {
    question: say, list: say, fallback: t.typeInstead, fields: fields, at: 0, body: body, actions: [
      { type: 'Action.Submit', title: t.submit },
      { type: 'Action.Submit', title: t.stop, data: { pressed: '@stop' }, associatedInputs: 'none' }
    ]
  };
  // In a text message the first field is asked after the head.
  var head = scenario.head;
  ready(head);
  if (scenario.sms) scenario.head = head;
}
`

/**
 * `keep(field, value)`, an empty one too: a contact is what it looks like. `sayFormBack()`
 * says what the form has now.
 */
const KEEPING = js`
${SAYING}
function keep(field, value) {
  var given = scenario.given;
  var name = field.name;
  if (field.kind === 'agree' && value !== field.value) value = '';
  if (field.kind === 'choice' && field.options.indexOf(value) < 0) value = '';
  if (name === 'patient.contact') {
    delete given['patient.email'];
    delete given['patient.phone'];
    name = value.indexOf('@') >= 0 ? 'patient.email' : 'patient.phone';
  }
  if (value) given[name] = value;
  else delete given[name];
}
function valueOf(field) {
  var given = scenario.given;
  return field.name === 'patient.contact' ? given['patient.email'] || given['patient.phone'] : given[field.name];
}
function noContact() {
  return scenario.asked.contact && !scenario.given['patient.email'] && !scenario.given['patient.phone'];
}
function sayFormBack() {
  var said = [];
  for (var i = 0; i < scenario.asked.fields.length; i++) {
    var field = scenario.asked.fields[i];
    var value = valueOf(field);
    if (value) said.push(field.kind === 'agree' ? scenario.t.agree : value);
  }
  sayBack(said);
}
`

/** Who types beside a card is asked field by field; where there is one field, that was the answer. */
const READ_CARD = js`
${KEEPING}
var asked = scenario.asked;
var fields = asked.fields;
var card = scenario.answer && typeof scenario.answer === 'object' ? scenario.answer : null;
var typed = trimmed(scenario.answer);
scenario.answer = '';
scenario.typed = typed.toLowerCase();
if (typed && fields.length === 1 && !isStop(typed)) card = { question: asked.id, f0: typed };
if (!card && isStop(typed)) {
  scenario.picked = '@stop';
} else if (!card && fields.length > 1) {
  asked.at = 0;
  asked.list = '';
  scenario.picked = '@text';
} else if (!card || isLate(card)) {
  scenario.picked = '@again';
  ready(scenario.t.late + ' ');
} else if (card.pressed === '@stop') {
  scenario.picked = '@stop';
} else {
  var missing = false;
  for (var i = 0; i < fields.length; i++) {
    keep(fields[i], trimmed(card['f' + i]));
    if (!valueOf(fields[i]) && fields[i].required) missing = true;
    for (var j = 0; j < asked.body.length; j++) {
      if (asked.body[j].id === 'f' + i) asked.body[j].value = valueOf(fields[i]);
    }
  }
  var wrong = missing ? scenario.t.fillIn : noContact() ? scenario.t.oneOfBoth : '';
  scenario.tries = wrong ? (scenario.tries || 0) + 1 : 0;
  scenario.picked = !wrong ? '@done' : scenario.tries < 3 ? '@again' : '@lost';
  if (wrong) ready(wrong + ' ');
  else sayFormBack();
}
if (scenario.picked === '@stop') sayBack([scenario.t.stop]);
`

const NEXT_FIELD = js`
var asked = scenario.asked;
var field = asked.fields[asked.at];
var lines = [field.text || field.label];
if (asked.at === 0 && asked.list && asked.list !== lines[0]) lines.unshift(asked.list);
if (asked.why) lines.unshift(asked.why);
asked.why = '';
for (var i = 0; i < field.options.length; i++) lines.push((i + 1) + '. ' + field.options[i]);
if (field.kind === 'agree') lines.push(scenario.t.agreeText);
lines.push(field.required ? scenario.t.replyText : scenario.t.replySkip);
scenario.fieldText = scenario.head + lines.join(scenario.sms ? '\n' : '\n\n');
scenario.head = '';
`

/** Where an e-mail address or a phone number will do, and there is a field for each, the second may be left out. */
const READ_FIELD = js`
${KEEPING}
var asked = scenario.asked;
var field = asked.fields[asked.at];
var typed = trimmed(scenario.answer);
var number = typed.replace(/[.)]$/, '');
var late = !typed;
var value = typed === '-' ? '' : typed;
var wrong = false;
scenario.answer = '';
scenario.typed = typed.toLowerCase();
if (field.kind === 'agree') {
  var words = ['1', 'yes', 'si', 's\u00ed', scenario.t.agree.toLowerCase()];
  value = words.indexOf(number.toLowerCase()) >= 0 ? field.value : '';
}
if (field.kind === 'choice') {
  if (/^\d+$/.test(number)) value = field.options[Number(number) - 1] || number;
  for (var i = 0; i < field.options.length; i++) {
    if (field.options[i].toLowerCase() === value.toLowerCase()) value = field.options[i];
  }
  wrong = value !== '' && field.options.indexOf(value) < 0;
}
if (isStop(typed)) {
  scenario.picked = '@stop';
  sayBack([scenario.t.stop]);
} else if (late) {
  asked.why = scenario.t.late;
  scenario.picked = '@next';
} else {
  keep(field, value);
  var last = asked.at === asked.fields.length - 1;
  var alone = last && noContact();
  if (wrong || (!value && field.required) || alone) {
    scenario.tries = (scenario.tries || 0) + 1;
    asked.why = scenario.t.notUnderstood;
    if (alone) {
      asked.at = 0;
      asked.list = scenario.t.oneOfBoth;
      asked.why = '';
    }
    scenario.picked = scenario.tries < 3 ? '@next' : '@lost';
  } else {
    scenario.tries = 0;
    asked.at = asked.at + 1;
    scenario.picked = last ? '@done' : '@next';
    if (last) sayFormBack();
    else if (value && value !== typed) sayBack([field.kind === 'agree' ? scenario.t.agree : value]);
  }
}
`

interface Filling {
  /** Calls `form`. */
  make: string
  done: Target
  /** What is typed beside the card is that field. */
  oneField?: true
}

/** Several fields: one card, or one text each. Other steps may make a form too and go on to `<name>Channel`. */
export function form(name: string, { make, done, oneField }: Filling): Named[] {
  const ends = { '@stop': STOP, '@lost': LOST }
  const fieldByField: Record<string, Target> = oneField ? {} : { '@text': `${name}Field` }
  const steps = [
    act(name, `${FORM}${make}`),
    branch(`${name}Channel`, 'scenario.sms', { yes: `${name}Field`, no: `${name}Card` }),
    askByCard(`${name}Card`, 'scenario.asked.say', CARD, 'answer'),
    act(`${name}ReadCard`, READ_CARD),
    choose(`${name}Filled`, 'scenario.picked', { '@again': `${name}Card`, ...fieldByField, ...ends }, done),
    act(`${name}Field`, NEXT_FIELD),
    ...(oneField
      ? []
      : [
          branch(`${name}FieldChannel`, 'scenario.sms', { yes: `${name}Text`, no: `${name}Beside` }),
          // Cards of before can still be pressed, so it takes what they send as well.
          askByAnything(`${name}Beside`, 'scenario.fieldText', 'answer', { next: `${name}ReadText` }),
        ]),
    askByText(`${name}Text`, 'scenario.fieldText', 'answer'),
    act(`${name}ReadText`, READ_FIELD),
    choose(`${name}Answered`, 'scenario.picked', { '@next': `${name}Field`, ...ends }, done),
  ]
  return together(
    name,
    [
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 0],
      [2, 1],
      ...(oneField
        ? []
        : ([
            [3, 1],
            [4, 2],
          ] as [number, number][])),
      [4, 1],
      [5, 1],
      [6, 1],
    ],
    steps,
  )
}

/** `again(reply)`: the fields of a `needsInput` as a form, with the scheduler's words for each. */
export const AGAIN = js`
${FORM}
function again(reply) {
  var t = scenario.t;
  var labels = {
    'near.postalCode': t.postalCode, 'patient.name': t.name, 'patient.email': t.email, 'patient.phone': t.phone,
    'patient.contact': t.emailOrPhone, 'patient.birthDate': t.birthDate, confirmationCode: t.code, contact: t.contact
  };
  var fields = [];
  for (var i = 0; i < reply.fields.length; i++) {
    var asked = reply.fields[i];
    // Which contact it was meant to be is told by what it looks like, again.
    var name = asked.name.replace(/^contact\..*/, 'contact');
    var field = { name: name, label: labels[name] || asked.text, text: asked.text, kind: 'text', options: asked.options, required: true };
    if (field.options.length > 0) field.kind = 'choice';
    if (/email$/i.test(name)) field.kind = 'email';
    if (/phone$/i.test(name)) field.kind = 'phone';
    if (/birthDate$/.test(name)) {
      field.kind = 'date';
      field.text += ' ' + t.birthDateText;
    }
    if (name === 'patient.consentId') {
      field.kind = 'agree';
      field.value = scenario.service.consent.id;
    }
    fields.push(field);
  }
  form(reply.say, fields);
}
`
