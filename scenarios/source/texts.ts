// What the scenarios themselves say, by the key under which the localisation table has it. Everything else a patient reads
// comes from the scheduler, in the language of the conversation.

/** The columns of the table, and the language of each. */
export const COLUMNS = { 'en-us': 'en', 'es-es': 'es', 'es-us': 'es' } as const

type Text = Record<(typeof COLUMNS)[keyof typeof COLUMNS], string>

export const texts: Record<string, Text> = {
  // Menus and forms
  choose: { en: 'Your choice', es: 'Su elección' },
  submit: { en: 'Continue', es: 'Continuar' },
  stop: { en: 'Stop here', es: 'Terminar aquí' },
  replyNumber: { en: 'Please reply with a number, or 0 to stop.', es: 'Responda con un número, o 0 para terminar.' },
  replyText: { en: 'Reply 0 to stop.', es: 'Responda 0 para terminar.' },
  replySkip: { en: 'Reply - to leave it out, 0 to stop.', es: 'Responda - para omitirlo, 0 para terminar.' },
  notUnderstood: {
    en: 'I did not get that. Please choose one of these.',
    es: 'No le he entendido. Elija una de estas opciones.',
  },
  lost: {
    en: 'I am sorry, I do not understand. Let us see how you can go on.',
    es: 'Lo siento, no le entiendo. Veamos cómo puede continuar.',
  },
  typeInstead: {
    en: 'This chat cannot show the form. Send me any text, and I ask one thing after the other.',
    es: 'Este chat no puede mostrar el formulario. Envíeme cualquier texto y le preguntaré una cosa tras otra.',
  },
  chooseOne: { en: 'Please choose one.', es: 'Elija una opción.' },
  giveText: { en: 'Please fill this in.', es: 'Rellene este campo.' },
  giveDate: { en: 'Please give a date.', es: 'Indique una fecha.' },
  agreeFirst: { en: 'Please tick this if you agree.', es: 'Marque esta casilla si está de acuerdo.' },
  late: {
    en: 'That belongs to an earlier question, so it changed nothing.',
    es: 'Eso pertenece a una pregunta anterior, así que no ha cambiado nada.',
  },
  early: {
    en: 'That may be meant for the question before, so nothing is done yet.',
    es: 'Puede que eso fuera para la pregunta anterior, así que todavía no se ha hecho nada.',
  },
  fillIn: { en: 'Please fill in what is marked as required.', es: 'Complete lo que está marcado como obligatorio.' },
  optional: { en: 'optional', es: 'opcional' },

  // For whom, and where
  whom: { en: 'Who is the appointment for?', es: '¿Para quién es la cita?' },
  me: { en: 'For me', es: 'Para mí' },
  child: { en: 'For a child', es: 'Para un niño o una niña' },
  other: { en: 'For somebody else', es: 'Para otra persona' },
  where: {
    en: 'Where would you like to go? I look for clinics near a postal code.',
    es: '¿Adónde le gustaría ir? Busco clínicas cerca de un código postal.',
  },
  postalCode: { en: 'Postal code', es: 'Código postal' },
  bookAt: { en: 'Book at', es: 'Reservar en' },
  bookHere: { en: 'Book here', es: 'Reservar aquí' },
  pageOf: { en: 'Booking page of', es: 'Página de reservas de' },
  openPage: { en: 'Open the booking page', es: 'Abrir la página de reservas' },
  elsewhere: { en: 'Look somewhere else', es: 'Buscar en otro lugar' },
  whichService: { en: 'What is it for?', es: '¿Qué necesita?' },
  noSeries: {
    en: 'These clinics offer nothing in several doses.',
    es: 'Estas clínicas no ofrecen nada en varias dosis.',
  },
  anotherClinic: { en: 'Another clinic', es: 'Otra clínica' },
  severalDoses: {
    en: 'This takes more than one dose. I book all of them together, or none.',
    es: 'Esto requiere más de una dosis. Las reservo todas juntas, o ninguna.',
  },
  whichPractitioner: {
    en: 'Is there somebody you would like to see?',
    es: '¿Quiere que le atienda alguien en particular?',
  },
  otherPractitioner: { en: 'Choose with whom', es: 'Elegir con quién' },
  anyone: { en: 'Whoever is free', es: 'Quien esté libre' },

  // When
  when: { en: 'When would you like to come?', es: '¿Cuándo le gustaría venir?' },
  whenDose: { en: 'When would you like to come for this dose?', es: '¿Cuándo le gustaría venir para esta dosis?' },
  dose: { en: 'Dose', es: 'Dosis' },
  day: { en: 'On a certain day', es: 'Un día concreto' },
  pastDay: { en: 'Please choose a day from today on.', es: 'Elija un día a partir de hoy.' },
  orWhen: { en: 'Or', es: 'O bien' },
  soonest: { en: 'As soon as possible', es: 'Lo antes posible' },
  today: { en: 'Today', es: 'Hoy' },
  tomorrow: { en: 'Tomorrow', es: 'Mañana' },
  thisWeek: { en: 'This week', es: 'Esta semana' },
  nextWeek: { en: 'Next week', es: 'La próxima semana' },
  weekend: { en: 'At the weekend', es: 'El fin de semana' },
  partOfDay: { en: 'Time of day', es: 'Hora del día' },
  anyTime: { en: 'Any time', es: 'A cualquier hora' },
  morning: { en: 'In the morning', es: 'Por la mañana' },
  afternoon: { en: 'In the afternoon', es: 'Por la tarde' },
  evening: { en: 'In the evening, from 5 PM', es: 'Al atardecer, desde las 17:00' },
  orDate: {
    en: 'Or send me a date as 2027-01-31, year first.',
    es: 'O envíeme una fecha como 2027-01-31, con el año primero.',
  },
  whichDay: { en: 'Which day suits you?', es: '¿Qué día le viene bien?' },
  whichTime: { en: 'Which time suits you?', es: '¿Qué hora le viene bien?' },
  instead: { en: 'These times are free instead.', es: 'En su lugar, estas horas están libres.' },
  moreTimes: { en: 'More times', es: 'Más horas' },
  otherDay: { en: 'Another day', es: 'Otro día' },

  // Who
  details: {
    en: 'The clinic needs a few details.',
    es: 'La clínica necesita algunos datos.',
  },
  name: { en: 'Your first and last name', es: 'Su nombre y apellidos' },
  patientName: { en: 'First and last name of the patient', es: 'Nombre y apellidos del paciente' },
  email: { en: 'E-mail address', es: 'Correo electrónico' },
  phone: { en: 'Phone number', es: 'Número de teléfono' },
  orPhone: { en: 'or a phone number', es: 'o un número de teléfono' },
  orEmail: { en: 'or an e-mail address', es: 'o un correo electrónico' },
  emailOrPhone: { en: 'E-mail address or phone number', es: 'Correo electrónico o número de teléfono' },
  oneOfBoth: {
    en: 'Please give an e-mail address or a phone number.',
    es: 'Indique un correo electrónico o un número de teléfono.',
  },
  birthDate: { en: 'Date of birth', es: 'Fecha de nacimiento' },
  birthDateText: {
    en: 'Date of birth as 1980-05-31, year first',
    es: 'Fecha de nacimiento como 1980-05-31, con el año primero',
  },
  yourName: {
    en: 'Your own name, as you book for somebody else',
    es: 'Su propio nombre, ya que reserva para otra persona',
  },
  relation: { en: 'What you are to the patient, such as mother', es: 'Su relación con el paciente, por ejemplo madre' },
  consent: { en: 'Consent', es: 'Consentimiento' },
  readAll: { en: 'Read the whole text', es: 'Leer el texto completo' },
  agree: { en: 'I agree', es: 'Acepto' },
  agreeText: { en: 'Reply 1 to agree.', es: 'Responda 1 para aceptar.' },

  // Booking
  sureBook: { en: 'Yes, book it', es: 'Sí, reservar' },
  replyBook: { en: 'Reply YES to book it.', es: 'Responda SÍ para reservar.' },
  otherTime: { en: 'Choose another time', es: 'Elegir otra hora' },
  changeDetails: { en: 'Change my details', es: 'Cambiar mis datos' },

  // An appointment that exists
  findIt: {
    en: 'To find your appointment I need the confirmation code, and an e-mail address, phone number or date of birth that you booked with.',
    es: 'Para encontrar su cita necesito el código de confirmación y un correo electrónico, número de teléfono o fecha de nacimiento con que la reservó.',
  },
  code: { en: 'Confirmation code', es: 'Código de confirmación' },
  contact: {
    en: 'E-mail address, phone number, or date of birth as 1980-05-31',
    es: 'Correo electrónico, número de teléfono o fecha de nacimiento como 1980-05-31',
  },
  whatNow: { en: 'What would you like to do?', es: '¿Qué quiere hacer?' },
  move: { en: 'Move it to another time', es: 'Cambiarla a otra hora' },
  cancel: { en: 'Cancel it', es: 'Anularla' },
  keep: { en: 'Leave it as it is', es: 'Dejarla como está' },
  unchanged: { en: 'All stays as it is.', es: 'Todo queda como está.' },
  cannotChange: {
    en: 'There is nothing I can change about it here.',
    es: 'Aquí no puedo cambiar nada de ella.',
  },
  whichCancel: {
    en: 'Which appointment? Later doses are cancelled with it.',
    es: '¿Qué cita? Las dosis posteriores se anulan con ella.',
  },
  whichMove: { en: 'Which appointment would you like to move?', es: '¿Qué cita quiere cambiar?' },
  allOfThem: { en: 'All of them', es: 'Todas' },
  sureCancel: { en: 'Yes, cancel', es: 'Sí, anular' },
  replyCancel: { en: 'Reply YES to cancel.', es: 'Responda SÍ para anular.' },
  replyMove: { en: 'Reply YES to move it.', es: 'Responda SÍ para cambiarla.' },
  sureMove: { en: 'Yes, move it', es: 'Sí, cambiarla' },
  tryAgain: { en: 'Try again', es: 'Intentarlo de nuevo' },
  otherCode: { en: 'Enter code and contact again', es: 'Introducir otro código y contacto' },

  // When something does not work
  unreachable: {
    en: 'I cannot reach the calendar just now.',
    es: 'Ahora no puedo acceder al calendario.',
  },
  maybeDone: {
    en: 'It may have been done already. Trying again tells, and does nothing twice.',
    es: 'Puede que ya esté hecho. Si lo intenta de nuevo lo sabremos, y nada se hace dos veces.',
  },
  unexpected: { en: 'I got an answer that I do not understand.', es: 'He recibido una respuesta que no entiendo.' },
  howOn: { en: 'How would you like to go on?', es: '¿Cómo quiere continuar?' },
  call: { en: 'Call', es: 'Llamar' },
  person: { en: 'Talk to a person', es: 'Hablar con una persona' },
  bye: { en: 'All right. I am here when you need me.', es: 'De acuerdo. Aquí estoy cuando me necesite.' },

  // The page, the menu, a person
  pages: { en: 'You can book by yourself here:', es: 'Puede reservar usted mismo aquí:' },
  pageText: { en: 'Here is the page.', es: 'Esta es la página.' },
  noPages: {
    en: 'There is no booking page. Let us see how you can go on.',
    es: 'No hay página de reservas. Veamos cómo puede continuar.',
  },
  welcome: {
    en: 'I can help you with appointments. What would you like to do?',
    es: 'Puedo ayudarle con sus citas. ¿Qué quiere hacer?',
  },
  bookOne: { en: 'Book an appointment', es: 'Reservar una cita' },
  bookTwo: { en: 'Book a vaccination in two doses', es: 'Reservar una vacuna en dos dosis' },
  manage: { en: 'Find, move or cancel an appointment', es: 'Ver, cambiar o anular una cita' },
  usePage: { en: 'Use the booking page', es: 'Usar la página de reservas' },
  anythingElse: { en: 'Is there anything else?', es: '¿Algo más?' },
  agent: {
    en: 'Somebody will help you. Type "agent" to be connected.',
    es: 'Alguien le ayudará. Escriba "agent" para que le conecten.',
  },
  agentCall: { en: 'You can also call:', es: 'También puede llamar:' },
}
