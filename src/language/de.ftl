# Was das Produkt sagt, auf Deutsch. „Sie“, ohne Geschlecht.

# Locations

locations-found = { $count ->
    [one] Ich habe { $count } Standort gefunden.
   *[other] Ich habe { $count } Standorte gefunden.
}
locations-nearby = { $count ->
    [one] Ich habe { $count } Standort in Ihrer Nähe gefunden.
   *[other] Ich habe { $count } Standorte in Ihrer Nähe gefunden.
}
locations-none-within = Im Umkreis von { $distance } habe ich keinen Standort gefunden. Sie können einen anderen Ort oder einen größeren Umkreis probieren.
locations-none = Ich habe keinen Standort gefunden, an dem Sie buchen können.
locations-none-for-service = Ich habe keinen Standort gefunden, der dies anbietet: { $service }.
locations-unknown-place = Diesen Ort kenne ich nicht. Bitte prüfen Sie ihn oder schicken Sie mir eine andere Postleitzahl oder Stadt.
locations-matched-by-place = Dort kann ich keine Entfernungen messen. Ich habe deshalb nach Standorten mit derselben Postleitzahl oder in derselben Stadt gesucht.
location-unknown = Diesen Standort finde ich nicht. Bitte wählen Sie einen anderen.
service-unknown = Das bietet dieser Standort nicht an. Bitte wählen Sie etwas anderes.

# Free times

slots-found = { $count ->
    [one] { $service }, { $location }: Es gibt { $count } freien Termin.
   *[other] { $service }, { $location }: Es gibt { $count } freie Termine.
}
slots-found-anywhere = { $count ->
    [one] { $service }: Es gibt { $count } freien Termin.
   *[other] { $service }: Es gibt { $count } freie Termine.
}
slots-found-for-dose = { $count ->
    [one] Dosis { $dose }: Es gibt { $count } freien Termin.
   *[other] Dosis { $dose }: Es gibt { $count } freie Termine.
}
slots-moves-found = { $count ->
    [one] Sie können auf { $count } anderen Termin wechseln.
   *[other] Sie können auf { $count } andere Termine wechseln.
}
slots-no-moves = An den gewählten Tagen gibt es keinen freien Termin, auf den Sie wechseln können. Ihr Termin bleibt, wie er ist.
slots-none = An den gewählten Tagen gibt es keinen freien Termin.
slots-alternatives = { $count ->
    [one] Hier ist { $count } anderer Termin.
   *[other] Hier sind { $count } andere Termine.
}
slots-stale = Diese Termine können sich geändert haben. Beim Buchen prüfe ich sie noch einmal.
choose-by-number = Bitte antworten Sie mit der Nummer Ihrer Wahl.
book-by-page = Sie können auf dieser Seite buchen: { $page }
book-by-phone = Sie können telefonisch buchen: { $phone }
book-by-page-or-phone = Sie können auf dieser Seite buchen: { $page } oder telefonisch: { $phone }
book-at-clinic = Hier können Sie nicht buchen. Bitte fragen Sie direkt dort nach.

# Booking

booked = Ihr Termin ist gebucht: { $service }, { $when }, { $location }.
booked-series = { $count ->
    [one] Für Sie ist { $count } Dosis gebucht: { $service }, { $location }.
   *[other] Für Sie sind { $count } Dosen gebucht: { $service }, { $location }.
}
dose-line = Dosis { $dose }: { $when }
confirmation-code = Ihr Bestätigungscode lautet { $code }.
confirmation-write-down = Bitte schreiben Sie sich diesen Code auf: Sie bekommen nichts zugeschickt und brauchen ihn zum Ändern oder Absagen.
confirmation-by-email = Eine Bestätigung ist per E-Mail zu Ihnen unterwegs.
confirmation-by-sms = Eine Bestätigung ist per SMS zu Ihnen unterwegs.
confirmation-by-email-and-sms = Eine Bestätigung ist per E-Mail und SMS zu Ihnen unterwegs.
reminder = Sie bekommen eine Erinnerung: { $before } vorher.
preview-booking = { $service }, { $when }, { $location }. Soll ich das buchen?
preview-series = { $count ->
    [one] { $service }, { $location }, { $count } Dosis:
   *[other] { $service }, { $location }, { $count } Dosen:
}
preview-question = Soll ich das buchen?
slot-taken = Dieser Termin ist leider nicht mehr frei.
dose-taken = Der Termin für Dosis { $dose } ist leider nicht mehr frei.
doses-taken = Die Termine für die Dosen { $doses } sind leider nicht mehr frei.
nothing-booked = Es wurde nichts gebucht.
nothing-changed = Es wurde nichts geändert.
already-booked = Das haben Sie schon gebucht. Zu Ihrer Sicherheit kann ich den Bestätigungscode nicht noch einmal anzeigen.
not-bookable = Dieser Termin kann nicht gebucht werden. Bitte wählen Sie einen anderen.
not-bookable-too-soon = Dieser Termin ist zu kurzfristig. Der nötige Vorlauf beim Buchen: { $notice }.
not-bookable-too-far-ahead = { $days ->
    [one] Dieser Termin liegt zu weit in der Zukunft. Sie können bis zu { $days } Tag im Voraus buchen.
   *[other] Dieser Termin liegt zu weit in der Zukunft. Sie können bis zu { $days } Tage im Voraus buchen.
}
not-bookable-not-a-time = Diese Zeit wird dort nicht angeboten. Bitte wählen Sie eine andere.
not-bookable-past = Dieser Termin ist schon vorbei. Bitte wählen Sie einen anderen.
not-bookable-not-a-series = Diese Termine passen nicht zusammen. Bitte wählen Sie für jede Dosis einen Termin, der Reihe nach.
not-eligible-too-young = { $age ->
    [one] Das ist für Personen ab { $age } Jahr.
   *[other] Das ist für Personen ab { $age } Jahren.
}
not-eligible-too-old = { $age ->
    [one] Das ist für Personen bis { $age } Jahr.
   *[other] Das ist für Personen bis { $age } Jahre.
}
not-eligible-adults-only = Das ist nur für Erwachsene.
not-eligible-children-only = Das ist nur für Kinder.
series-interval = { $max ->
    [one] Dosis { $dose } muss { $min } bis { $max } Tag nach Dosis { $previous } liegen.
   *[other] Dosis { $dose } muss { $min } bis { $max } Tage nach Dosis { $previous } liegen.
}
series-interval-exact = { $days ->
    [one] Dosis { $dose } muss genau { $days } Tag nach Dosis { $previous } liegen.
   *[other] Dosis { $dose } muss genau { $days } Tage nach Dosis { $previous } liegen.
}
too-many-bookings = { $max ->
    [one] Sie können höchstens { $max } offene Buchung haben. Für eine neue sagen Sie bitte zuerst die alte ab.
   *[other] Sie können höchstens { $max } offene Buchungen gleichzeitig haben. Für eine weitere sagen Sie bitte zuerst eine ab.
}
in-progress = Ich bin noch dabei. Bitte fragen Sie gleich noch einmal.

# Looking up, cancelling, moving

appointment-found = Sie haben einen Termin: { $service }, { $when }, { $location }.
appointments-found = { $count ->
    [one] Sie haben { $count } Termin.
   *[other] Sie haben { $count } Termine.
}
appointment-pending = Diese Buchung ist noch nicht bestätigt. Bitte fragen Sie gleich noch einmal.
appointment-moved = Dieser Termin wurde verschoben.
appointment-cancelled-by-clinic = Dieser Termin wurde vom Standort abgesagt.
appointment-past = Dieser Termin ist schon vorbei.
cancelled = Abgesagt: { $service }, { $when }.
cancelled-series = { $count ->
    [one] { $service }: { $count } Termin ist abgesagt.
   *[other] { $service }: { $count } Termine sind abgesagt.
}
cancellation-mail = Ihr Termin ist abgesagt.
already-cancelled = Das war schon abgesagt. Sie müssen nichts weiter tun.
preview-cancel = { $service }, { $when }, { $location }. Soll ich diesen Termin absagen?
preview-cancel-series = { $count ->
    [one] { $service }: Soll ich { $count } Termin absagen?
   *[other] { $service }: Soll ich { $count } Termine absagen?
}
later-doses-cancelled-too = Ohne Dosis { $dose } werden auch die späteren Dosen abgesagt.
rescheduled = Ihr Termin ist verschoben: { $service }, { $when }, { $location }.
rescheduled-series = { $count ->
    [one] { $count } Termin ist verschoben: { $service }, { $location }.
   *[other] { $count } Termine sind verschoben: { $service }, { $location }.
}
same-code = Ihr Bestätigungscode bleibt derselbe.
preview-move = Der neue Termin: { $service }, { $when }, { $location }. Soll ich Ihren Termin verschieben?
preview-move-series = { $count ->
    [one] { $service }, { $location }, { $count } neuer Termin:
   *[other] { $service }, { $location }, { $count } neue Termine:
}
preview-move-question = { $count ->
    [one] Soll ich Ihren Termin verschieben?
   *[other] Soll ich Ihre Termine verschieben?
}
too-late-to-change = Für eine Änderung hier ist es zu spät. Der nötige Vorlauf: { $notice }. Bitte rufen Sie dort an.
cannot-change-here = Dieser Termin kann hier nicht geändert werden. Bitte rufen Sie dort an.
not-found = Ich finde keine Buchung mit diesem Code und diesen Kontaktdaten. Bitte prüfen Sie beides und versuchen Sie es noch einmal.
too-many-attempts = { $minutes ->
    [one] Das waren zu viele Versuche. Bitte versuchen Sie es in { $minutes } Minute wieder.
   *[other] Das waren zu viele Versuche. Bitte versuchen Sie es in { $minutes } Minuten wieder.
}

# What is missing or mistyped

input-needed = { $count ->
    [one] Eine Angabe brauche ich noch.
   *[other] Ein paar Angaben brauche ich noch.
}
missing-name = Bitte sagen Sie mir Ihren Namen.
missing-given-name = Bitte sagen Sie mir Ihren Vornamen.
missing-family-name = Bitte sagen Sie mir Ihren Nachnamen.
missing-email = Bitte geben Sie mir Ihre E-Mail-Adresse.
invalid-email = Das sieht nicht wie eine E-Mail-Adresse aus. Bitte prüfen Sie sie.
missing-phone = Bitte geben Sie mir Ihre Telefonnummer.
invalid-phone = Das sieht nicht wie eine Telefonnummer aus. Bitte prüfen Sie sie, mit Vorwahl.
missing-contact = Bitte geben Sie mir eine E-Mail-Adresse oder eine Telefonnummer.
missing-birth-date = Bitte sagen Sie mir Ihr Geburtsdatum.
invalid-birth-date = Das sieht nicht wie ein Geburtsdatum aus. Bitte schreiben Sie Jahr, Monat und Tag, zum Beispiel 1980-05-31.
birth-date-in-future = Das Geburtsdatum liegt in der Zukunft. Bitte prüfen Sie es.
missing-answer = Bitte beantworten Sie diese Frage: { $question }
invalid-answer = Bitte wählen Sie eine dieser Antworten: { $options }. Die Frage lautet: { $question }
missing-consent = Bevor ich buchen kann, brauche ich Ihre Zustimmung: { $consent }
missing-practitioner = Bitte wählen Sie, zu wem Sie möchten.
invalid-practitioner = Diese Person finde ich an diesem Standort nicht. Bitte wählen Sie noch einmal.
missing-code = Bitte geben Sie mir Ihren Bestätigungscode.
invalid-code = Das sieht nicht wie ein Bestätigungscode aus. Er hat zehn Buchstaben und Ziffern, zum Beispiel ABCDE-12345.
missing-proof = Bitte geben Sie mir die E-Mail-Adresse, die Telefonnummer oder das Geburtsdatum von Ihrer Buchung.
missing-place = Bitte sagen Sie mir Ihre Postleitzahl oder Ihre Stadt.
invalid-date = Dieses Datum verstehe ich nicht. Bitte schreiben Sie Jahr, Monat und Tag, zum Beispiel 2026-05-31.
past-date = Dieses Datum ist schon vorbei. Bitte wählen Sie ein späteres.
missing-slot = Bitte wählen Sie zuerst einen Termin.
missing-slots = { $count ->
    [one] Bitte wählen Sie { $count } Termin, einen für jede Dosis.
   *[other] Bitte wählen Sie { $count } Termine, einen für jede Dosis.
}
text-too-long = { $max ->
    [one] Dieser Text ist zu lang. Bitte schreiben Sie höchstens { $max } Zeichen.
   *[other] Dieser Text ist zu lang. Bitte schreiben Sie höchstens { $max } Zeichen.
}

# When we cannot, and how to go on

unavailable = Der Kalender des Standorts ist gerade leider nicht erreichbar. Bitte versuchen Sie es später wieder.
unavailable-for = { $seconds ->
    [one] Der Kalender des Standorts ist gerade leider nicht erreichbar. Bitte versuchen Sie es in { $seconds } Sekunde wieder.
   *[other] Der Kalender des Standorts ist gerade leider nicht erreichbar. Bitte versuchen Sie es in { $seconds } Sekunden wieder.
}
invalid-request = Mit dieser Anfrage stimmt leider etwas nicht, deshalb komme ich nicht weiter.
misconfigured = Die Online-Buchung ist im Moment leider nicht richtig eingerichtet.
rate-limited = Gerade kommen zu viele Anfragen. Bitte versuchen Sie es gleich noch einmal.
internal = Bei uns ist leider etwas schiefgegangen. Bitte versuchen Sie es später wieder.
timeout = Der Kalender des Standorts antwortet leider nicht rechtzeitig. Bitte versuchen Sie es gleich noch einmal.
way-on-phone = Sie können dort anrufen: { $phone }
way-on-page = Hier geht es weiter: { $page }
way-on-handoff = Ich kann Sie mit einem Menschen verbinden, der Ihnen weiterhilft.

# Words for labels and menus

dose = Dosis { $dose }
today = Heute
tomorrow = Morgen
open-now = Jetzt geöffnet
closed-now = Jetzt geschlossen
remaining = { $count ->
   *[other] noch { $count } frei
}
any-practitioner = Egal, wer
free-of-charge = Kostenlos
online = Online
status-booked = Gebucht
status-pending = Noch nicht bestätigt
status-moved = Verschoben
status-cancelled = Abgesagt
status-cancelled-by-clinic = Vom Standort abgesagt
status-past = Vorbei
minutes = { $count ->
    [one] { $count } Minute
   *[other] { $count } Minuten
}
hours = { $count ->
    [one] { $count } Stunde
   *[other] { $count } Stunden
}
days = { $count ->
    [one] { $count } Tag
   *[other] { $count } Tage
}

# How labels are put together

label-date-time = { $date }, { $time } Uhr
label-date-time-zone = { $date }, { $time } Uhr ({ $zone })
label-time-zone = { $time } Uhr ({ $zone })
label-named-day = { $name } ({ $date })
hours-days = { $from }–{ $to }
hours-every-day = Täglich
hours-span = { $from }–{ $to } Uhr
hours-around-the-clock = rund um die Uhr
hours-on-days = { $days } { $hours }
hours-enumerated = { $before }, { $next }
hours-separated = { $before }; { $next }
distance-miles = { $number } mi
distance-kilometres = { $number } km
title-with-detail = { $title } ({ $detail })
