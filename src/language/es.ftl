# Lo que dice el producto, en español. «Usted» y formas sin género.

# Locations

locations-found = { $count ->
    [one] Encontré { $count } centro.
   *[other] Encontré { $count } centros.
}
locations-nearby = { $count ->
    [one] Encontré { $count } centro cerca de usted.
   *[other] Encontré { $count } centros cerca de usted.
}
locations-none-within = No encontré ningún centro a menos de { $distance }. Puede probar con otro lugar o buscar más lejos.
locations-none = No encontré ningún centro donde pueda reservar.
locations-none-for-service = No encontré ningún centro que ofrezca esto: { $service }.
locations-unknown-place = No conozco ese lugar. Revíselo, por favor, o envíeme otro código postal u otra ciudad.
locations-matched-by-place = Ahí no puedo calcular distancias, así que busqué centros con el mismo código postal o en la misma ciudad.
location-unknown = No encuentro ese centro. Elija otro, por favor.
service-unknown = Ese centro no ofrece este servicio. Elija otro, por favor.

# Free times

slots-found = { $count ->
    [one] { $service }, { $location }: hay { $count } horario libre.
   *[other] { $service }, { $location }: hay { $count } horarios libres.
}
slots-found-anywhere = { $count ->
    [one] { $service }: hay { $count } horario libre.
   *[other] { $service }: hay { $count } horarios libres.
}
slots-found-for-dose = { $count ->
    [one] Dosis { $dose }: hay { $count } horario libre.
   *[other] Dosis { $dose }: hay { $count } horarios libres.
}
slots-moves-found = { $count ->
    [one] Hay { $count } horario al que puede cambiar su cita.
   *[other] Hay { $count } horarios a los que puede cambiar su cita.
}
slots-no-moves = No hay horarios libres para cambiar su cita en los días que eligió. Su cita sigue como estaba.
slots-none = No hay horarios libres en los días que eligió.
slots-alternatives = { $count ->
    [one] Aquí tiene { $count } horario más.
   *[other] Aquí tiene otros { $count } horarios.
}
slots-stale = Es posible que estos horarios hayan cambiado. Lo comprobaré de nuevo cuando reserve.
choose-by-number = Responda con el número de su elección, por favor.
book-by-page = Puede reservar en esta página: { $page }
book-by-phone = Puede reservar por teléfono: { $phone }
book-by-page-or-phone = Puede reservar en esta página: { $page } o por teléfono: { $phone }
book-at-clinic = Aquí no se puede reservar. Consulte directamente con el centro, por favor.

# Booking

booked = Su cita está reservada: { $service }, { $when }, { $location }.
booked-series = { $count ->
    [one] Tiene { $count } dosis reservada: { $service }, { $location }.
   *[other] Tiene { $count } dosis reservadas: { $service }, { $location }.
}
dose-line = Dosis { $dose }: { $when }
confirmation-code = Su código de confirmación es { $code }.
confirmation-write-down = Anote este código, por favor: no le enviaremos nada, y lo necesitará para cambiar o cancelar.
confirmation-by-email = Le enviamos una confirmación a su correo electrónico.
confirmation-by-sms = Le enviamos una confirmación por mensaje de texto.
confirmation-by-email-and-sms = Le enviamos una confirmación por correo electrónico y por mensaje de texto.
reminder = Recibirá un recordatorio { $before } antes.
preview-booking = { $service }, { $when }, { $location }. ¿Hago la reserva?
preview-series = { $count ->
    [one] { $service }, { $location }, { $count } dosis:
   *[other] { $service }, { $location }, { $count } dosis:
}
preview-question = ¿Hago la reserva?
slot-taken = Lo siento, este horario ya no está libre.
dose-taken = Lo siento, el horario de la dosis { $dose } ya no está libre.
doses-taken = Lo siento, los horarios de las dosis { $doses } ya no están libres.
nothing-booked = No se reservó nada.
nothing-changed = No se cambió nada.
already-booked = Ya tiene esta reserva. Para proteger su cita, no puedo volver a mostrar el código de confirmación.
not-bookable = Este horario no se puede reservar. Elija otro, por favor.
not-bookable-too-soon = Falta muy poco para este horario. Reserve con al menos { $notice } de antelación, por favor.
not-bookable-too-far-ahead = { $days ->
    [one] Falta demasiado para este horario. Puede reservar con hasta { $days } día de antelación.
   *[other] Falta demasiado para este horario. Puede reservar con hasta { $days } días de antelación.
}
not-bookable-not-a-time = El centro no ofrece este horario. Elija otro, por favor.
not-bookable-past = Este horario ya pasó. Elija otro, por favor.
not-bookable-not-a-series = Estos horarios no son compatibles entre sí. Elija un horario para cada dosis, en orden, por favor.
not-eligible-too-young = { $age ->
    [one] Esto es para personas de { $age } año o más.
   *[other] Esto es para personas de { $age } años o más.
}
not-eligible-too-old = { $age ->
    [one] Esto es para personas de hasta { $age } año.
   *[other] Esto es para personas de hasta { $age } años.
}
not-eligible-adults-only = Esto es solo para personas adultas.
not-eligible-children-only = Esto es solo para menores de edad.
series-interval = { $max ->
    [one] Entre la dosis { $previous } y la dosis { $dose } tiene que pasar de { $min } a { $max } día.
   *[other] Entre la dosis { $previous } y la dosis { $dose } tienen que pasar de { $min } a { $max } días.
}
series-interval-exact = { $days ->
    [one] Entre la dosis { $previous } y la dosis { $dose } tiene que pasar exactamente { $days } día.
   *[other] Entre la dosis { $previous } y la dosis { $dose } tienen que pasar exactamente { $days } días.
}
too-many-bookings = { $max ->
    [one] Puede tener como máximo { $max } reserva pendiente a la vez. Para reservar otra, cancélela primero, por favor.
   *[other] Puede tener como máximo { $max } reservas pendientes a la vez. Para reservar otra, cancele una primero, por favor.
}
in-progress = Todavía lo estoy procesando. Pregúnteme de nuevo en un momento, por favor.

# Looking up, cancelling, moving

appointment-found = Tiene una cita: { $service }, { $when }, { $location }.
appointments-found = { $count ->
    [one] Tiene { $count } cita.
   *[other] Tiene { $count } citas.
}
appointment-pending = Esta reserva aún no está confirmada. Pregúnteme de nuevo en un momento, por favor.
appointment-moved = Esta cita se cambió a otro horario.
appointment-cancelled-by-clinic = El centro canceló esta cita.
appointment-past = Esta cita ya pasó.
cancelled = Cita cancelada: { $service }, { $when }.
cancelled-series = { $count ->
    [one] { $service }: { $count } cita cancelada.
   *[other] { $service }: { $count } citas canceladas.
}
cancellation-mail = Su cita está cancelada.
already-cancelled = Esto ya estaba cancelado. No tiene que hacer nada más.
preview-cancel = { $service }, { $when }, { $location }. ¿Cancelo esta cita?
preview-cancel-series = { $count ->
    [one] { $service }: ¿cancelo { $count } cita?
   *[other] { $service }: ¿cancelo { $count } citas?
}
later-doses-cancelled-too = Sin la dosis { $dose }, también se cancelan las dosis posteriores.
rescheduled = Su cita se ha cambiado: { $service }, { $when }, { $location }.
rescheduled-series = { $count ->
    [one] Se ha cambiado { $count } cita: { $service }, { $location }.
   *[other] Se han cambiado { $count } citas: { $service }, { $location }.
}
same-code = Su código de confirmación sigue siendo el mismo.
preview-move = El nuevo horario: { $service }, { $when }, { $location }. ¿Cambio su cita?
preview-move-series = { $count ->
    [one] { $service }, { $location }, { $count } nuevo horario:
   *[other] { $service }, { $location }, { $count } nuevos horarios:
}
preview-move-question = { $count ->
    [one] ¿Cambio su cita?
   *[other] ¿Cambio sus citas?
}
too-late-to-change = Ya es tarde para cambiar esto aquí: los cambios requieren { $notice } de antelación. Llame al centro, por favor.
cannot-change-here = Esta cita no se puede cambiar aquí. Llame al centro, por favor.
not-found = No encuentro ninguna reserva con este código y este dato de contacto. Revise ambos e inténtelo de nuevo, por favor.
too-many-attempts = { $minutes ->
    [one] Ha habido demasiados intentos. Inténtelo de nuevo dentro de { $minutes } minuto, por favor.
   *[other] Ha habido demasiados intentos. Inténtelo de nuevo dentro de { $minutes } minutos, por favor.
}

# What is missing or mistyped

input-needed = { $count ->
    [one] Necesito un dato más.
   *[other] Necesito algunos datos más.
}
missing-name = Dígame su nombre, por favor.
missing-given-name = Dígame su nombre de pila, por favor.
missing-family-name = Dígame sus apellidos, por favor.
missing-email = Indíqueme su correo electrónico, por favor.
invalid-email = Eso no parece un correo electrónico. Revíselo, por favor.
missing-phone = Indíqueme su número de teléfono, por favor.
invalid-phone = Eso no parece un número de teléfono. Revíselo, con el prefijo o código de área, por favor.
missing-contact = Indíqueme un correo electrónico o un número de teléfono, por favor.
missing-birth-date = Dígame su fecha de nacimiento, por favor.
invalid-birth-date = Eso no parece una fecha de nacimiento. Escriba año, mes y día, como 1980-05-31, por favor.
birth-date-in-future = La fecha de nacimiento está en el futuro. Revísela, por favor.
missing-answer = Responda a esta pregunta, por favor: { $question }
invalid-answer = Responda con una de estas opciones, por favor: { $options }. La pregunta es: { $question }
missing-consent = Antes de reservar, necesito que acepte esto: { $consent }
missing-practitioner = Elija con quién desea la cita, por favor.
invalid-practitioner = No encuentro a esa persona en este centro. Elija de nuevo, por favor.
missing-code = Indíqueme su código de confirmación, por favor.
invalid-code = Eso no parece un código de confirmación. Tiene diez letras y cifras, como ABCDE-12345.
missing-proof = Indíqueme el correo electrónico, el teléfono o la fecha de nacimiento con que reservó, por favor.
missing-place = Dígame su código postal o su ciudad, por favor.
invalid-date = No entiendo esa fecha. Escriba año, mes y día, como 2026-05-31, por favor.
past-date = Esa fecha ya pasó. Elija una posterior, por favor.
missing-slot = Primero elija un horario, por favor.
missing-slots = { $count ->
    [one] Elija { $count } horario, uno para cada dosis, por favor.
   *[other] Elija { $count } horarios, uno para cada dosis, por favor.
}
text-too-long = { $max ->
    [one] Ese texto es demasiado largo. Use { $max } carácter como máximo, por favor.
   *[other] Ese texto es demasiado largo. Use { $max } caracteres como máximo, por favor.
}

# When we cannot, and how to go on

unavailable = Lo siento, ahora no puedo consultar la agenda del centro. Inténtelo más tarde, por favor.
unavailable-for = { $seconds ->
    [one] Lo siento, ahora no puedo consultar la agenda del centro. Inténtelo de nuevo dentro de { $seconds } segundo, por favor.
   *[other] Lo siento, ahora no puedo consultar la agenda del centro. Inténtelo de nuevo dentro de { $seconds } segundos, por favor.
}
invalid-request = Lo siento, hay un error en esta solicitud y no puedo continuar.
misconfigured = Lo siento, la reserva en línea no está bien configurada en este momento.
rate-limited = Hay demasiadas solicitudes en este momento. Inténtelo de nuevo en un momento, por favor.
internal = Lo siento, algo falló por nuestra parte. Inténtelo más tarde, por favor.
timeout = Lo siento, la agenda del centro tarda demasiado en responder. Inténtelo de nuevo en un momento, por favor.
way-on-phone = Puede llamar al centro: { $phone }
way-on-page = Puede continuar aquí: { $page }
way-on-handoff = Puedo ponerle en contacto con alguien que le ayude.

# Words for labels and menus

dose = Dosis { $dose }
today = Hoy
tomorrow = Mañana
open-now = Abierto ahora
closed-now = Cerrado ahora
remaining = { $count ->
    [one] queda { $count }
   *[other] quedan { $count }
}
any-practitioner = Cualquier profesional
free-of-charge = Gratis
online = En línea
status-booked = Reservada
status-pending = Sin confirmar
status-moved = Cambiada
status-cancelled = Cancelada
status-cancelled-by-clinic = Cancelada por el centro
status-past = Pasada
minutes = { $count ->
    [one] { $count } minuto
   *[other] { $count } minutos
}
hours = { $count ->
    [one] { $count } hora
   *[other] { $count } horas
}
days = { $count ->
    [one] { $count } día
   *[other] { $count } días
}

# How labels are put together

label-date-time = { $date }, { $time }
label-date-time-zone = { $date }, { $time } ({ $zone })
label-time-zone = { $time } ({ $zone })
label-named-day = { $name } ({ $date })
hours-days = { $from }–{ $to }
hours-every-day = Todos los días
hours-span = { $from } – { $to }
hours-around-the-clock = 24 horas
hours-on-days = { $days } { $hours }
hours-enumerated = { $before }, { $next }
hours-separated = { $before }; { $next }
distance-miles = { $number } mi
distance-kilometres = { $number } km
title-with-detail = { $title } ({ $detail })
