# What the product says, in English. The message ids and their variables are listed in message.rs.
# Names and dates stand beside the sentence, not inside its grammar: a clinic may call a service anything.

# Locations

locations-found = { $count ->
    [one] I found { $count } clinic.
   *[other] I found { $count } clinics.
}
locations-nearby = { $count ->
    [one] I found { $count } clinic near you.
   *[other] I found { $count } clinics near you.
}
locations-none-within = I found no clinic within { $distance }. You can try another place, or a wider search.
locations-none = I found no clinic where you can book.
locations-none-for-service = I found no clinic that offers this: { $service }.
locations-unknown-place = I don't know that place. Please check it, or send me another postal code or city.
locations-matched-by-place = I can't measure distances there, so I looked for clinics with the same postal code or in the same city.
location-unknown = I can't find that clinic. Please choose another one.
service-unknown = That clinic doesn't offer this. Please choose something else.

# Free times

slots-found = { $count ->
    [one] { $service }, { $location }: there is { $count } free time.
   *[other] { $service }, { $location }: there are { $count } free times.
}
slots-found-anywhere = { $count ->
    [one] { $service }: there is { $count } free time.
   *[other] { $service }: there are { $count } free times.
}
slots-found-for-dose = { $count ->
    [one] Dose { $dose }: there is { $count } free time.
   *[other] Dose { $dose }: there are { $count } free times.
}
slots-moves-found = { $count ->
    [one] There is { $count } time you could move to.
   *[other] There are { $count } times you could move to.
}
slots-no-moves = There is no free time you could move to on the days you chose. Your appointment stays as it is.
slots-none = There is no free time on the days you chose.
slots-alternatives = { $count ->
    [one] Here is { $count } other time.
   *[other] Here are { $count } other times.
}
slots-stale = These times may have changed. I'll check again when you book.
choose-by-number = Please reply with the number of your choice.
book-by-page = You can book on this page: { $page }
book-by-phone = You can book by phone: { $phone }
book-by-page-or-phone = You can book on this page: { $page } or by phone: { $phone }
book-at-clinic = You can't book here. Please ask the clinic directly.

# Booking

booked = You're booked: { $service }, { $when }, { $location }.
booked-series = { $count ->
    [one] You're booked for { $count } dose: { $service }, { $location }.
   *[other] You're booked for { $count } doses: { $service }, { $location }.
}
dose-line = Dose { $dose }: { $when }
confirmation-code = Your confirmation code is { $code }.
confirmation-write-down = Please write this code down: nothing will be sent to you, and you need it to change or cancel.
confirmation-by-email = A confirmation is on its way to your e-mail address.
confirmation-by-sms = A confirmation is on its way to you as a text message.
confirmation-by-email-and-sms = A confirmation is on its way to you by e-mail and as a text message.
reminder = You'll get a reminder { $before } before.
preview-booking = { $service }, { $when }, { $location }. Shall I book it?
preview-series = { $count ->
    [one] { $service }, { $location }, { $count } dose:
   *[other] { $service }, { $location }, { $count } doses:
}
preview-question = Shall I book it?
slot-taken = Sorry, this time is no longer free.
dose-taken = Sorry, the time for dose { $dose } is no longer free.
doses-taken = Sorry, the times for doses { $doses } are no longer free.
nothing-booked = Nothing was booked.
nothing-changed = Nothing was changed.
already-booked = You already booked this. To keep your booking safe, I can't show the confirmation code again.
not-bookable = This time can't be booked. Please choose another one.
not-bookable-too-soon = This time is too soon. Please book at least { $notice } ahead.
not-bookable-too-far-ahead = { $days ->
    [one] This time is too far ahead. You can book up to { $days } day ahead.
   *[other] This time is too far ahead. You can book up to { $days } days ahead.
}
not-bookable-not-a-time = The clinic doesn't offer this time. Please choose another one.
not-bookable-past = This time has already passed. Please choose another one.
not-bookable-not-a-series = These times don't go together. Please choose one time for each dose, in order.
not-eligible-too-young = { $age ->
    [one] This is for people aged { $age } year or older.
   *[other] This is for people aged { $age } years or older.
}
not-eligible-too-old = { $age ->
    [one] This is for people aged up to { $age } year.
   *[other] This is for people aged up to { $age } years.
}
not-eligible-adults-only = This is for adults only.
not-eligible-children-only = This is for children only.
series-interval = { $max ->
    [one] Dose { $dose } has to be { $min } to { $max } day after dose { $previous }.
   *[other] Dose { $dose } has to be { $min } to { $max } days after dose { $previous }.
}
series-interval-exact = { $days ->
    [one] Dose { $dose } has to be exactly { $days } day after dose { $previous }.
   *[other] Dose { $dose } has to be exactly { $days } days after dose { $previous }.
}
too-many-bookings = { $max ->
    [one] You can have at most { $max } open booking at a time. To book another, please cancel it first.
   *[other] You can have at most { $max } open bookings at a time. To book another, please cancel one first.
}
in-progress = I'm still working on it. Please ask me again in a moment.

# Looking up, cancelling, moving

appointment-found = You have an appointment: { $service }, { $when }, { $location }.
appointments-found = { $count ->
    [one] You have { $count } appointment.
   *[other] You have { $count } appointments.
}
appointment-pending = This booking isn't confirmed yet. Please ask me again in a moment.
appointment-moved = This appointment has been moved to another time.
appointment-cancelled-by-clinic = The clinic has cancelled this appointment.
appointment-past = This appointment has already passed.
cancelled = Cancelled: { $service }, { $when }.
cancelled-series = { $count ->
    [one] { $service }: { $count } appointment is cancelled.
   *[other] { $service }: { $count } appointments are cancelled.
}
cancellation-mail = Your appointment is cancelled.
already-cancelled = This was already cancelled. There is nothing more to do.
preview-cancel = { $service }, { $when }, { $location }. Shall I cancel it?
preview-cancel-series = { $count ->
    [one] { $service }: shall I cancel { $count } appointment?
   *[other] { $service }: shall I cancel { $count } appointments?
}
later-doses-cancelled-too = Without dose { $dose }, the later doses are cancelled too.
rescheduled = Your appointment has moved: { $service }, { $when }, { $location }.
rescheduled-series = { $count ->
    [one] { $count } appointment has moved: { $service }, { $location }.
   *[other] { $count } appointments have moved: { $service }, { $location }.
}
same-code = Your confirmation code stays the same.
preview-move = The new time: { $service }, { $when }, { $location }. Shall I move your appointment?
preview-move-series = { $count ->
    [one] { $service }, { $location }, { $count } new time:
   *[other] { $service }, { $location }, { $count } new times:
}
preview-move-question = { $count ->
    [one] Shall I move your appointment?
   *[other] Shall I move your appointments?
}
too-late-to-change = It's too late to change this here: changes need { $notice } of notice. Please call the clinic.
cannot-change-here = This appointment can't be changed here. Please call the clinic.
not-found = I can't find a booking with this code and contact. Please check both and try again.
too-many-attempts = { $minutes ->
    [one] That was too many tries. Please try again in { $minutes } minute.
   *[other] That was too many tries. Please try again in { $minutes } minutes.
}

# What is missing or mistyped

input-needed = { $count ->
    [one] I need one more thing.
   *[other] I need a few more things.
}
missing-name = Please tell me your name.
missing-given-name = Please tell me your first name.
missing-family-name = Please tell me your last name.
missing-email = Please give me your e-mail address.
invalid-email = That doesn't look like an e-mail address. Please check it.
missing-phone = Please give me your phone number.
invalid-phone = That doesn't look like a phone number. Please check it, with the area code.
missing-contact = Please give me an e-mail address or a phone number.
missing-birth-date = Please tell me your date of birth.
invalid-birth-date = That doesn't look like a date of birth. Please give year, month and day, like 1980-05-31.
birth-date-in-future = The date of birth is in the future. Please check it.
missing-answer = Please answer this question: { $question }
invalid-answer = Please choose one of these answers: { $options }. The question is: { $question }
missing-consent = Before I can book, I need you to agree to this: { $consent }
missing-practitioner = Please choose whom you would like to see.
invalid-practitioner = I can't find that person at this clinic. Please choose again.
missing-code = Please give me your confirmation code.
invalid-code = That doesn't look like a confirmation code. It has ten letters and digits, like ABCDE-12345.
missing-proof = Please give me the e-mail address, the phone number or the date of birth you booked with.
missing-place = Please tell me your postal code or your city.
invalid-date = I don't understand that date. Please give year, month and day, like 2026-05-31.
past-date = That date has already passed. Please choose a later one.
missing-slot = Please choose a time first.
missing-slots = { $count ->
    [one] Please choose { $count } time, one for each dose.
   *[other] Please choose { $count } times, one for each dose.
}
text-too-long = { $max ->
    [one] That text is too long. Please use at most { $max } character.
   *[other] That text is too long. Please use at most { $max } characters.
}

# When we cannot, and how to go on

unavailable = Sorry, I can't reach the clinic's calendar right now. Please try again later.
unavailable-for = { $seconds ->
    [one] Sorry, I can't reach the clinic's calendar right now. Please try again in { $seconds } second.
   *[other] Sorry, I can't reach the clinic's calendar right now. Please try again in { $seconds } seconds.
}
invalid-request = Sorry, something is wrong with this request, so I can't go on.
misconfigured = Sorry, online booking isn't set up correctly at the moment.
rate-limited = There are too many requests just now. Please try again in a moment.
internal = Sorry, something went wrong on our side. Please try again later.
timeout = Sorry, the clinic's calendar is taking too long to answer. Please try again in a moment.
way-on-phone = You can call the clinic: { $phone }
way-on-page = You can go on here: { $page }
way-on-handoff = I can connect you with someone who can help.

# Words for labels and menus

dose = Dose { $dose }
today = Today
tomorrow = Tomorrow
open-now = Open now
closed-now = Closed now
remaining = { $count ->
   *[other] { $count } left
}
any-practitioner = Anyone
free-of-charge = Free
online = Online
status-booked = Booked
status-pending = Not confirmed yet
status-moved = Moved
status-cancelled = Cancelled
status-cancelled-by-clinic = Cancelled by the clinic
status-past = Past
minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}

# How labels are put together

label-date-time = { $date }, { $time }
label-date-time-zone = { $date }, { $time } { $zone }
label-time-zone = { $time } { $zone }
label-named-day = { $name } ({ $date })
hours-days = { $from }–{ $to }
hours-every-day = Every day
hours-span = { $from } – { $to }
hours-around-the-clock = 24 hours
hours-on-days = { $days } { $hours }
hours-enumerated = { $before }, { $next }
hours-separated = { $before }; { $next }
distance-miles = { $number } mi
distance-kilometres = { $number } km
title-with-detail = { $title } ({ $detail })
