// How a question is asked and its answer read: with a card where the channel shows cards, with numbered text where it does
// not. What is required is looked after here, since not every channel lets a card see to it.

import { act, askByCard, askByText, branch, choose, js, together, type Named, type Target } from './building.ts'

/** Steps that every scenario has: `ending()` in scheduling.ts. */
export const STOP = 'bye'
export const LOST = 'lost'

/**
 * Labels of fields, what is required and what a button sends are of 1.3. A channel that knows less shows the fallback text,
 * and what is typed instead is read as well.
 */
const CARD = (what: string) => js`{
  "type": "AdaptiveCard",
  "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
  "version": "1.3",
  "fallbackText": ${what}.fallback,
  "body": ${what}.body,
  "actions": ${what}.actions
}`

/**
 * Rich channels read Markdown, in which a line ends only with an empty one (Web Chat's `breaks` is off:
 * https://github.com/microsoft/BotFramework-WebChat/pull/1988). An expression for what is said there, and as text.
 */
export function lines(text: string): string {
  return js`scenario.sms ? ${text} : ${text}.replace(/\n/g, '\n\n')`
}

/** menu(say, choices, buttons): few are buttons all; of more, the choices are a list. A choice is {title, value}. */
export const MENU = js`
function menu(say, choices, buttons) {
  var all = choices.concat(buttons);
  var few = all.length <= 5;
  var lines = [say];
  var body = [];
  var actions = [];
  for (var i = 0; i < all.length; i++) {
    lines.push((i + 1) + '. ' + all[i].title);
    if (few || i >= choices.length) {
      actions.push({ type: 'Action.Submit', title: all[i].title, data: { pressed: all[i].value } });
    }
  }
  if (!few) {
    body.push({
      type: 'Input.ChoiceSet', id: 'picked', label: scenario.t.choose, placeholder: scenario.t.choose,
      style: 'compact', choices: choices
    });
    actions.unshift({ type: 'Action.Submit', title: scenario.t.submit });
  }
  actions.push({ type: 'Action.Submit', title: scenario.t.stop, data: { pressed: '@stop' }, associatedInputs: 'none' });
  lines.push(scenario.t.replyNumber);
  var text = lines.join('\n');
  scenario.menu = {
    say: say.replace(/\n/g, '\n\n'), all: all, text: text, fallback: text, body: body, actions: actions
  };
}
`

/** What was picked is in `scenario.picked`: a value, or `@nothing`, `@lost` after the third time, `@stop`. */
const READ_MENU = js`
var answer = scenario.answer;
var card = answer && typeof answer === 'object' ? answer : {};
var typed = typeof answer === 'string' ? answer.replace(/^\s+|\s+$/g, '').toLowerCase() : '';
var number = typed.replace(/[.)]$/, '');
var picked = card.pressed || card.date || card.picked || '';
var all = scenario.menu.all;
for (var i = 0; i < all.length; i++) {
  if (number === String(i + 1) || typed === all[i].title.toLowerCase()) picked = all[i].value;
}
if (number === '0' || typed === scenario.t.stop.toLowerCase()) picked = '@stop';
if (scenario.menu.dates && /^\d{4}-\d\d-\d\d$/.test(typed) && moment(typed, 'YYYY-MM-DD', true).isValid()) picked = typed;
if (card.part) scenario.part = card.part;
scenario.tries = picked ? 0 : (scenario.tries || 0) + 1;
scenario.picked = picked || (scenario.tries < 3 ? '@nothing' : '@lost');
scenario.answer = '';
if (scenario.picked === '@nothing') {
  scenario.menu.say = scenario.t.notUnderstood;
  scenario.menu.asked = scenario.menu.asked || scenario.menu.text;
  scenario.menu.text = scenario.t.notUnderstood + '\n' + scenario.menu.asked;
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
  const text = askByText(textOnly ? ask : `${name}Text`, 'scenario.menu.text', 'answer', { next: `${name}Read` })
  const byChannel = [
    branch(ask, 'scenario.sms', { yes: `${name}Text`, no: `${name}Card` }),
    askByCard(`${name}Card`, 'scenario.menu.say', CARD('scenario.menu'), 'answer', { next: `${name}Read` }),
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

/** form(say, fields): a field is {name, label, kind, options, value, required}. What is known already is filled in. */
export const FORM = js`
function form(say, fields) {
  var known = scenario.given = scenario.given || {};
  var body = [];
  for (var i = 0; i < fields.length; i++) {
    var field = fields[i];
    var label = field.label + (field.required || field.kind === 'agree' ? '' : ' (' + scenario.t.optional + ')');
    var input = { type: 'Input.Text', id: 'f' + i, label: label, placeholder: field.label, value: known[field.name] };
    if (field.kind === 'email') input.style = 'Email';
    if (field.kind === 'phone') input.style = 'Tel';
    if (field.kind === 'date') input.type = 'Input.Date';
    if (field.kind === 'choice') {
      input.type = 'Input.ChoiceSet';
      input.style = 'expanded';
      input.choices = [];
      for (var j = 0; j < field.options.length; j++) {
        input.choices.push({ title: field.options[j], value: field.options[j] });
      }
    }
    if (field.kind === 'agree') {
      // What is agreed to is never left to a label.
      body.push({ type: 'TextBlock', text: field.label, wrap: true });
      if (field.url) body.push({ type: 'TextBlock', text: '[' + scenario.t.readAll + '](' + field.url + ')', wrap: true });
      input = { type: 'Input.Toggle', id: 'f' + i, title: scenario.t.agree, valueOn: field.value, valueOff: '' };
    }
    if (field.required) {
      input.isRequired = true;
      input.errorMessage = label + ': ' + scenario.t.required;
    }
    body.push(input);
  }
  scenario.form = { say: say.replace(/\n/g, '\n\n'), text: say, fallback: scenario.t.typeInstead, fields: fields, at: 0, body: body, actions: [
    { type: 'Action.Submit', title: scenario.t.submit },
    { type: 'Action.Submit', title: scenario.t.stop, data: { pressed: '@stop' }, associatedInputs: 'none' }
  ] };
}
`

/** keep(field, value), an empty one too: a contact is what it looks like. */
const KEEP = js`
function keep(field, value) {
  var given = scenario.given;
  var name = field.name;
  if (name === 'patient.contact') {
    delete given['patient.email'];
    delete given['patient.phone'];
    name = value.indexOf('@') >= 0 ? 'patient.email' : 'patient.phone';
  }
  if (value) given[name] = value;
  else delete given[name];
}
function trimmed(value) {
  return typeof value === 'string' ? value.replace(/^\s+|\s+$/g, '') : '';
}
function isStop(typed) {
  return typed === '0' || typed.toLowerCase() === scenario.t.stop.toLowerCase();
}
scenario.picked = '@done';
`

/** Who types beside a card is asked field by field; where there is one field, that was the answer. */
const READ_CARD = js`
${KEEP}
var answer = scenario.answer;
var fields = scenario.form.fields;
var typed = trimmed(answer);
scenario.answer = '';
if (typed && fields.length === 1 && !isStop(typed)) answer = { f0: typed };
if (typeof answer === 'string') {
  scenario.form.at = 0;
  scenario.form.text = '';
  scenario.picked = isStop(typed) ? '@stop' : '@text';
} else {
  var card = answer || {};
  var missing = false;
  for (var i = 0; i < fields.length; i++) {
    var value = trimmed(card['f' + i]);
    keep(fields[i], value);
    if (!value && fields[i].required) missing = true;
    for (var j = 0; j < scenario.form.body.length; j++) {
      if (scenario.form.body[j].id === 'f' + i) scenario.form.body[j].value = value;
    }
  }
  var noContact = scenario.form.contact && !scenario.given['patient.email'] && !scenario.given['patient.phone'];
  scenario.form.say = missing ? scenario.t.fillIn : scenario.t.oneOfBoth;
  scenario.tries = missing || noContact ? (scenario.tries || 0) + 1 : 0;
  if (scenario.tries > 0) scenario.picked = scenario.tries < 3 ? '@again' : '@lost';
  if (card.pressed === '@stop') scenario.picked = '@stop';
}
`

const NEXT_FIELD = js`
var field = scenario.form.fields[scenario.form.at];
var lines = [field.text || field.label];
var intro = scenario.form.at === 0 ? scenario.form.text : '';
if (intro && intro !== lines[0]) lines.unshift(intro);
if (scenario.form.wrong) lines.unshift(scenario.t.notUnderstood);
scenario.form.wrong = false;
for (var i = 0; i < field.options.length; i++) lines.push((i + 1) + '. ' + field.options[i]);
if (field.kind === 'agree') lines.push(scenario.t.agreeText);
lines.push(field.required ? scenario.t.replyText : scenario.t.replySkip);
scenario.question = lines.join('\n');
`

/** Where an e-mail address or a phone number will do, and there is a field for each, the second may be left out. */
const READ_FIELD = js`
${KEEP}
var field = scenario.form.fields[scenario.form.at];
var typed = trimmed(scenario.answer);
var number = typed.replace(/[.)]$/, '');
var value = typed === '-' ? '' : typed;
var wrong = false;
scenario.answer = '';
if (field.kind === 'agree') {
  var words = ['1', 'yes', 'si', 's\u00ed', scenario.t.agree.toLowerCase()];
  value = words.indexOf(number.toLowerCase()) >= 0 ? field.value : '';
}
if (field.kind === 'choice' && /^\d+$/.test(number)) {
  value = field.options[Number(number) - 1] || '';
  wrong = !value;
}
keep(field, value);
var last = scenario.form.at === scenario.form.fields.length - 1;
var noContact = last && scenario.form.contact && !scenario.given['patient.email'] && !scenario.given['patient.phone'];
if (wrong || (!value && field.required) || noContact) {
  scenario.tries = (scenario.tries || 0) + 1;
  scenario.form.wrong = true;
  if (noContact) {
    scenario.form.at = 0;
    scenario.form.text = scenario.t.oneOfBoth;
    scenario.form.wrong = false;
  }
  scenario.picked = scenario.tries < 3 ? '@next' : '@lost';
} else {
  scenario.tries = 0;
  scenario.form.at = scenario.form.at + 1;
  if (scenario.form.at < scenario.form.fields.length) scenario.picked = '@next';
}
if (isStop(number)) scenario.picked = '@stop';
`

/** Several fields: one card, or one text each. Other steps may make a form too and go on to `<name>Channel`. */
export function form(name: string, { make, done }: { /** Calls `form`. */ make: string; done: Target }): Named[] {
  const ends = { '@stop': STOP, '@lost': LOST }
  const steps = [
    act(name, `${FORM}${make}`),
    branch(`${name}Channel`, 'scenario.sms', { yes: `${name}Field`, no: `${name}Card` }),
    askByCard(`${name}Card`, 'scenario.form.say', CARD('scenario.form'), 'answer'),
    act(`${name}ReadCard`, READ_CARD),
    choose(`${name}Filled`, 'scenario.picked', { '@again': `${name}Card`, '@text': `${name}Field`, ...ends }, done),
    act(`${name}Field`, NEXT_FIELD),
    askByText(`${name}Text`, 'scenario.question', 'answer'),
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
      [3, 1],
      [4, 1],
      [5, 1],
    ],
    steps,
  )
}

/** again(reply): the fields of a `needsInput` as a form, with the scheduler's words for each. */
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
    delete (scenario.given || {})[name];
    fields.push(field);
  }
  form(reply.say, fields);
}
`
