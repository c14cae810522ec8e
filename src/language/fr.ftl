# Ce que dit le produit, en français. « Vous », sans genre. Espaces ordinaires avant « ? » et « : » pour les SMS.

# Locations

locations-found = { $count ->
    [one] J'ai trouvé { $count } centre.
   *[other] J'ai trouvé { $count } centres.
}
locations-nearby = { $count ->
    [one] J'ai trouvé { $count } centre près de vous.
   *[other] J'ai trouvé { $count } centres près de vous.
}
locations-none-within = Je n'ai trouvé aucun centre à moins de { $distance }. Vous pouvez essayer un autre lieu ou chercher plus loin.
locations-none = Je n'ai trouvé aucun centre où vous pouvez réserver.
locations-none-for-service = Je n'ai trouvé aucun centre qui propose ceci : { $service }.
locations-unknown-place = Je ne connais pas ce lieu. Vérifiez-le, ou envoyez-moi un autre code postal ou une autre ville.
locations-matched-by-place = Je ne peux pas y mesurer les distances. J'ai donc cherché les centres qui ont le même code postal ou qui sont dans la même ville.
location-unknown = Je ne trouve pas ce centre. Merci d'en choisir un autre.
service-unknown = Ce centre ne propose pas cette prestation. Merci d'en choisir une autre.

# Free times

slots-found = { $count ->
    [one] { $service }, { $location } : il y a { $count } créneau libre.
   *[other] { $service }, { $location } : il y a { $count } créneaux libres.
}
slots-found-anywhere = { $count ->
    [one] { $service } : il y a { $count } créneau libre.
   *[other] { $service } : il y a { $count } créneaux libres.
}
slots-found-for-dose = { $count ->
    [one] Dose { $dose } : il y a { $count } créneau libre.
   *[other] Dose { $dose } : il y a { $count } créneaux libres.
}
slots-moves-found = { $count ->
    [one] Vous pouvez déplacer votre rendez-vous vers { $count } autre créneau.
   *[other] Vous pouvez déplacer votre rendez-vous vers { $count } autres créneaux.
}
slots-no-moves = Aucun créneau n'est libre pour déplacer votre rendez-vous aux dates choisies. Votre rendez-vous reste inchangé.
slots-none = Aucun créneau n'est libre aux dates choisies.
slots-alternatives = { $count ->
    [one] Voici { $count } autre créneau.
   *[other] Voici { $count } autres créneaux.
}
slots-stale = Ces créneaux ont peut-être changé. Je vérifierai de nouveau quand vous réserverez.
choose-by-number = Merci de répondre par le numéro de votre choix.
book-by-page = Vous pouvez réserver sur cette page : { $page }
book-by-phone = Vous pouvez réserver par téléphone : { $phone }
book-by-page-or-phone = Vous pouvez réserver sur cette page : { $page } ou par téléphone : { $phone }
book-at-clinic = Il n'est pas possible de réserver ici. Merci de vous adresser directement au centre.

# Booking

booked = Votre rendez-vous est réservé : { $service }, { $when }, { $location }.
booked-series = { $count ->
    [one] Vous avez { $count } dose réservée : { $service }, { $location }.
   *[other] Vous avez { $count } doses réservées : { $service }, { $location }.
}
dose-line = Dose { $dose } : { $when }
confirmation-code = Votre code de confirmation est { $code }.
confirmation-write-down = Notez bien ce code : rien ne vous sera envoyé, et il vous le faudra pour modifier ou annuler.
confirmation-by-email = Une confirmation vous est envoyée par e-mail.
confirmation-by-sms = Une confirmation vous est envoyée par SMS.
confirmation-by-email-and-sms = Une confirmation vous est envoyée par e-mail et par SMS.
reminder = Vous recevrez un rappel { $before } avant.
preview-booking = { $service }, { $when }, { $location }. Dois-je réserver ?
preview-series = { $count ->
    [one] { $service }, { $location }, { $count } dose :
   *[other] { $service }, { $location }, { $count } doses :
}
preview-question = Dois-je réserver ?
slot-taken = Malheureusement, ce créneau n'est plus libre.
dose-taken = Malheureusement, le créneau de la dose { $dose } n'est plus libre.
doses-taken = Malheureusement, les créneaux des doses { $doses } ne sont plus libres.
nothing-booked = Rien n'a été réservé.
nothing-changed = Rien n'a été modifié.
already-booked = Vous avez déjà fait cette réservation. Pour la protéger, je ne peux pas afficher de nouveau le code de confirmation.
not-bookable = Ce créneau ne peut pas être réservé. Merci d'en choisir un autre.
not-bookable-too-soon = Ce créneau est trop proche. Merci de réserver au moins { $notice } à l'avance.
not-bookable-too-far-ahead = { $days ->
    [one] Ce créneau est trop éloigné. Vous pouvez réserver jusqu'à { $days } jour à l'avance.
   *[other] Ce créneau est trop éloigné. Vous pouvez réserver jusqu'à { $days } jours à l'avance.
}
not-bookable-not-a-time = Le centre ne propose pas ce créneau. Merci d'en choisir un autre.
not-bookable-past = Ce créneau est déjà passé. Merci d'en choisir un autre.
not-bookable-not-a-series = Ces créneaux ne vont pas ensemble. Merci de choisir un créneau pour chaque dose, dans l'ordre.
not-eligible-too-young = { $age ->
    [one] Cela s'adresse aux personnes de { $age } an et plus.
   *[other] Cela s'adresse aux personnes de { $age } ans et plus.
}
not-eligible-too-old = { $age ->
    [one] Cela s'adresse aux personnes de { $age } an au plus.
   *[other] Cela s'adresse aux personnes de { $age } ans au plus.
}
not-eligible-adults-only = Cela s'adresse uniquement aux adultes.
not-eligible-children-only = Cela s'adresse uniquement aux enfants.
series-interval = { $max ->
    [one] La dose { $dose } doit avoir lieu { $min } à { $max } jour après la dose { $previous }.
   *[other] La dose { $dose } doit avoir lieu { $min } à { $max } jours après la dose { $previous }.
}
series-interval-exact = { $days ->
    [one] La dose { $dose } doit avoir lieu exactement { $days } jour après la dose { $previous }.
   *[other] La dose { $dose } doit avoir lieu exactement { $days } jours après la dose { $previous }.
}
too-many-bookings = { $max ->
    [one] Vous pouvez avoir au plus { $max } réservation en cours. Pour en faire une autre, merci de l'annuler d'abord.
   *[other] Vous pouvez avoir au plus { $max } réservations en cours. Pour en faire une autre, merci d'en annuler une d'abord.
}
in-progress = C'est encore en cours. Merci de me redemander dans un instant.

# Looking up, cancelling, moving

appointment-found = Vous avez un rendez-vous : { $service }, { $when }, { $location }.
appointments-found = { $count ->
    [one] Vous avez { $count } rendez-vous.
   *[other] Vous avez { $count } rendez-vous.
}
appointment-pending = Cette réservation n'est pas encore confirmée. Merci de me redemander dans un instant.
appointment-moved = Ce rendez-vous a été déplacé à une autre heure.
appointment-cancelled-by-clinic = Le centre a annulé ce rendez-vous.
appointment-past = Ce rendez-vous est déjà passé.
cancelled = Rendez-vous annulé : { $service }, { $when }.
cancelled-series = { $count ->
    [one] { $service } : { $count } rendez-vous annulé.
   *[other] { $service } : { $count } rendez-vous annulés.
}
cancellation-mail = Votre rendez-vous est annulé.
already-cancelled = C'était déjà annulé. Vous n'avez plus rien à faire.
preview-cancel = { $service }, { $when }, { $location }. Dois-je annuler ce rendez-vous ?
preview-cancel-series = { $count ->
    [one] { $service } : dois-je annuler { $count } rendez-vous ?
   *[other] { $service } : dois-je annuler { $count } rendez-vous ?
}
later-doses-cancelled-too = Sans la dose { $dose }, les doses suivantes sont annulées aussi.
rescheduled = Votre rendez-vous est déplacé : { $service }, { $when }, { $location }.
rescheduled-series = { $count ->
    [one] { $count } rendez-vous est déplacé : { $service }, { $location }.
   *[other] { $count } rendez-vous sont déplacés : { $service }, { $location }.
}
same-code = Votre code de confirmation reste le même.
preview-move = Le nouveau créneau : { $service }, { $when }, { $location }. Dois-je déplacer votre rendez-vous ?
preview-move-series = { $count ->
    [one] { $service }, { $location }, { $count } nouveau créneau :
   *[other] { $service }, { $location }, { $count } nouveaux créneaux :
}
preview-move-question = { $count ->
    [one] Dois-je déplacer votre rendez-vous ?
   *[other] Dois-je déplacer vos rendez-vous ?
}
too-late-to-change = Il est trop tard pour le modifier ici : il faut s'y prendre { $notice } à l'avance. Merci d'appeler le centre.
cannot-change-here = Ce rendez-vous ne peut pas être modifié ici. Merci d'appeler le centre.
not-found = Je ne trouve aucune réservation avec ce code et ces coordonnées. Merci de les vérifier et de réessayer.
too-many-attempts = { $minutes ->
    [one] Il y a eu trop d'essais. Merci de réessayer dans { $minutes } minute.
   *[other] Il y a eu trop d'essais. Merci de réessayer dans { $minutes } minutes.
}

# What is missing or mistyped

input-needed = { $count ->
    [one] Il me manque une information.
   *[other] Il me manque quelques informations.
}
missing-name = Merci de m'indiquer votre nom.
missing-given-name = Merci de m'indiquer votre prénom.
missing-family-name = Merci de m'indiquer votre nom de famille.
missing-email = Merci de m'indiquer votre adresse e-mail.
invalid-email = Cela ne ressemble pas à une adresse e-mail. Merci de la vérifier.
missing-phone = Merci de m'indiquer votre numéro de téléphone.
invalid-phone = Cela ne ressemble pas à un numéro de téléphone. Merci de le vérifier, avec l'indicatif.
missing-contact = Merci de m'indiquer une adresse e-mail ou un numéro de téléphone.
missing-birth-date = Merci de m'indiquer votre date de naissance.
invalid-birth-date = Cela ne ressemble pas à une date de naissance. Indiquez l'année, le mois et le jour, comme 1980-05-31.
birth-date-in-future = La date de naissance est dans le futur. Merci de la vérifier.
missing-answer = Merci de répondre à cette question : { $question }
invalid-answer = Merci de choisir parmi ces réponses : { $options }. La question est : { $question }
missing-consent = Avant de réserver, j'ai besoin de votre accord : { $consent }
missing-practitioner = Merci de choisir la personne que vous souhaitez consulter.
invalid-practitioner = Je ne trouve pas cette personne dans ce centre. Merci de choisir de nouveau.
missing-code = Merci de m'indiquer votre code de confirmation.
invalid-code = Cela ne ressemble pas à un code de confirmation. Il a dix lettres et chiffres, comme ABCDE-12345.
missing-proof = Merci de m'indiquer l'adresse e-mail, le téléphone ou la date de naissance donnés à la réservation.
missing-place = Merci de m'indiquer votre code postal ou votre ville.
invalid-date = Je ne comprends pas cette date. Indiquez l'année, le mois et le jour, comme 2026-05-31.
past-date = Cette date est déjà passée. Merci d'en choisir une plus tardive.
missing-slot = Merci de choisir d'abord un créneau.
missing-slots = { $count ->
    [one] Merci de choisir { $count } créneau, un par dose.
   *[other] Merci de choisir { $count } créneaux, un par dose.
}
text-too-long = { $max ->
    [one] Ce texte est trop long. Merci d'utiliser { $max } caractère au plus.
   *[other] Ce texte est trop long. Merci d'utiliser { $max } caractères au plus.
}

# When we cannot, and how to go on

unavailable = Malheureusement, je n'arrive pas à joindre l'agenda du centre. Merci de réessayer plus tard.
unavailable-for = { $seconds ->
    [one] Malheureusement, je n'arrive pas à joindre l'agenda du centre. Merci de réessayer dans { $seconds } seconde.
   *[other] Malheureusement, je n'arrive pas à joindre l'agenda du centre. Merci de réessayer dans { $seconds } secondes.
}
invalid-request = Malheureusement, cette demande contient une erreur et je ne peux pas continuer.
misconfigured = Malheureusement, la réservation en ligne n'est pas bien configurée pour le moment.
rate-limited = Il y a trop de demandes en ce moment. Merci de réessayer dans un instant.
internal = Malheureusement, un problème est survenu de notre côté. Merci de réessayer plus tard.
timeout = Malheureusement, l'agenda du centre met trop de temps à répondre. Merci de réessayer dans un instant.
way-on-phone = Vous pouvez appeler le centre : { $phone }
way-on-page = Vous pouvez continuer ici : { $page }
way-on-handoff = Je peux vous mettre en relation avec une personne qui vous aidera.

# Words for labels and menus

dose = Dose { $dose }
today = Aujourd'hui
tomorrow = Demain
open-now = Ouvert en ce moment
closed-now = Fermé en ce moment
remaining = { $count ->
    [one] { $count } place restante
   *[other] { $count } places restantes
}
any-practitioner = Peu importe
free-of-charge = Gratuit
online = En ligne
status-booked = Réservé
status-pending = Pas encore confirmé
status-moved = Déplacé
status-cancelled = Annulé
status-cancelled-by-clinic = Annulé par le centre
status-past = Passé
minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
hours = { $count ->
    [one] { $count } heure
   *[other] { $count } heures
}
days = { $count ->
    [one] { $count } jour
   *[other] { $count } jours
}

# How labels are put together

label-date-time = { $date }, { $time }
label-date-time-zone = { $date }, { $time } ({ $zone })
label-time-zone = { $time } ({ $zone })
label-named-day = { $name } ({ $date })
hours-days = { $from }–{ $to }
hours-every-day = Tous les jours
hours-span = { $from } – { $to }
hours-around-the-clock = 24 heures sur 24
hours-on-days = { $days } { $hours }
hours-enumerated = { $before }, { $next }
hours-separated = { $before } ; { $next }
distance-miles = { $number } mi
distance-kilometres = { $number } km
title-with-detail = { $title } ({ $detail })
