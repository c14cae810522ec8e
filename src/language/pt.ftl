# O que o produto diz, em português (do Brasil). «Você», sem gênero.

# Locations

locations-found = { $count ->
    [one] Encontrei { $count } unidade.
   *[other] Encontrei { $count } unidades.
}
locations-nearby = { $count ->
    [one] Encontrei { $count } unidade perto de você.
   *[other] Encontrei { $count } unidades perto de você.
}
locations-none-within = Não encontrei nenhuma unidade a menos de { $distance }. Você pode tentar outro lugar ou procurar mais longe.
locations-none = Não encontrei nenhuma unidade onde você possa agendar.
locations-none-for-service = Não encontrei nenhuma unidade que ofereça isto: { $service }.
locations-unknown-place = Não conheço esse lugar. Confira, por favor, ou me envie outro código postal ou outra cidade.
locations-matched-by-place = Não consigo medir distâncias nesse lugar, por isso procurei unidades com o mesmo código postal ou na mesma cidade.
location-unknown = Não encontro essa unidade. Escolha outra, por favor.
service-unknown = Essa unidade não oferece esse serviço. Escolha outro, por favor.

# Free times

slots-found = { $count ->
    [one] { $service }, { $location }: há { $count } horário livre.
   *[other] { $service }, { $location }: há { $count } horários livres.
}
slots-found-anywhere = { $count ->
    [one] { $service }: há { $count } horário livre.
   *[other] { $service }: há { $count } horários livres.
}
slots-found-for-dose = { $count ->
    [one] Dose { $dose }: há { $count } horário livre.
   *[other] Dose { $dose }: há { $count } horários livres.
}
slots-moves-found = { $count ->
    [one] Há { $count } horário para o qual você pode mudar.
   *[other] Há { $count } horários para os quais você pode mudar.
}
slots-no-moves = Não há horário livre para mudar nos dias que você escolheu. Seu agendamento continua como está.
slots-none = Não há horário livre nos dias que você escolheu.
slots-alternatives = { $count ->
    [one] Aqui está { $count } outro horário.
   *[other] Aqui estão { $count } outros horários.
}
slots-stale = Estes horários podem ter mudado. Vou conferir de novo quando você agendar.
choose-by-number = Responda com o número da sua escolha, por favor.
book-by-page = Você pode agendar nesta página: { $page }
book-by-phone = Você pode agendar por telefone: { $phone }
book-by-page-or-phone = Você pode agendar nesta página: { $page } ou por telefone: { $phone }
book-at-clinic = Não é possível agendar por aqui. Fale diretamente com a unidade, por favor.

# Booking

booked = Seu horário está agendado: { $service }, { $when }, { $location }.
booked-series = { $count ->
    [one] Você tem { $count } dose agendada: { $service }, { $location }.
   *[other] Você tem { $count } doses agendadas: { $service }, { $location }.
}
dose-line = Dose { $dose }: { $when }
confirmation-code = Seu código de confirmação é { $code }.
confirmation-write-down = Anote este código, por favor: nada será enviado a você, e ele é necessário para mudar ou cancelar.
confirmation-by-email = Uma confirmação está a caminho do seu e-mail.
confirmation-by-sms = Uma confirmação está a caminho por mensagem de texto.
confirmation-by-email-and-sms = Uma confirmação está a caminho por e-mail e por mensagem de texto.
reminder = Você vai receber um lembrete { $before } antes.
preview-booking = { $service }, { $when }, { $location }. Posso agendar?
preview-series = { $count ->
    [one] { $service }, { $location }, { $count } dose:
   *[other] { $service }, { $location }, { $count } doses:
}
preview-question = Posso agendar?
slot-taken = Infelizmente, este horário não está mais livre.
dose-taken = Infelizmente, o horário da dose { $dose } não está mais livre.
doses-taken = Infelizmente, os horários das doses { $doses } não estão mais livres.
nothing-booked = Nada foi agendado.
nothing-changed = Nada foi alterado.
already-booked = Você já fez este agendamento. Para protegê-lo, não posso mostrar de novo o código de confirmação.
not-bookable = Este horário não pode ser agendado. Escolha outro, por favor.
not-bookable-too-soon = Este horário está próximo demais. Agende com pelo menos { $notice } de antecedência, por favor.
not-bookable-too-far-ahead = { $days ->
    [one] Este horário está distante demais. Você pode agendar com até { $days } dia de antecedência.
   *[other] Este horário está distante demais. Você pode agendar com até { $days } dias de antecedência.
}
not-bookable-not-a-time = A unidade não oferece este horário. Escolha outro, por favor.
not-bookable-past = Este horário já passou. Escolha outro, por favor.
not-bookable-not-a-series = Estes horários não combinam entre si. Escolha um horário para cada dose, na ordem, por favor.
not-eligible-too-young = { $age ->
    [one] Isto é para pessoas a partir de { $age } ano.
   *[other] Isto é para pessoas a partir de { $age } anos.
}
not-eligible-too-old = { $age ->
    [one] Isto é para pessoas de até { $age } ano.
   *[other] Isto é para pessoas de até { $age } anos.
}
not-eligible-adults-only = Isto é só para pessoas adultas.
not-eligible-children-only = Isto é só para crianças.
series-interval = { $max ->
    [one] A dose { $dose } precisa ser de { $min } a { $max } dia depois da dose { $previous }.
   *[other] A dose { $dose } precisa ser de { $min } a { $max } dias depois da dose { $previous }.
}
series-interval-exact = { $days ->
    [one] A dose { $dose } precisa ser exatamente { $days } dia depois da dose { $previous }.
   *[other] A dose { $dose } precisa ser exatamente { $days } dias depois da dose { $previous }.
}
too-many-bookings = { $max ->
    [one] Você pode ter no máximo { $max } agendamento em aberto. Para fazer outro, cancele-o primeiro, por favor.
   *[other] Você pode ter no máximo { $max } agendamentos em aberto. Para fazer outro, cancele um primeiro, por favor.
}
in-progress = Ainda estou cuidando disso. Pergunte de novo daqui a pouco, por favor.

# Looking up, cancelling, moving

appointment-found = Você tem um agendamento: { $service }, { $when }, { $location }.
appointments-found = { $count ->
    [one] Você tem { $count } agendamento.
   *[other] Você tem { $count } agendamentos.
}
appointment-pending = Este agendamento ainda não está confirmado. Pergunte de novo daqui a pouco, por favor.
appointment-moved = Este agendamento mudou para outro horário.
appointment-cancelled-by-clinic = A unidade cancelou este agendamento.
appointment-past = Este agendamento já passou.
cancelled = Agendamento cancelado: { $service }, { $when }.
cancelled-series = { $count ->
    [one] { $service }: { $count } agendamento cancelado.
   *[other] { $service }: { $count } agendamentos cancelados.
}
cancellation-mail = Seu agendamento está cancelado.
already-cancelled = Isto já estava cancelado. Você não precisa fazer mais nada.
preview-cancel = { $service }, { $when }, { $location }. Posso cancelar este agendamento?
preview-cancel-series = { $count ->
    [one] { $service }: posso cancelar { $count } agendamento?
   *[other] { $service }: posso cancelar { $count } agendamentos?
}
later-doses-cancelled-too = Sem a dose { $dose }, as doses seguintes também são canceladas.
rescheduled = Seu agendamento mudou: { $service }, { $when }, { $location }.
rescheduled-series = { $count ->
    [one] { $count } agendamento mudou: { $service }, { $location }.
   *[other] { $count } agendamentos mudaram: { $service }, { $location }.
}
same-code = Seu código de confirmação continua o mesmo.
preview-move = O novo horário: { $service }, { $when }, { $location }. Posso mudar seu agendamento?
preview-move-series = { $count ->
    [one] { $service }, { $location }, { $count } novo horário:
   *[other] { $service }, { $location }, { $count } novos horários:
}
preview-move-question = { $count ->
    [one] Posso mudar seu agendamento?
   *[other] Posso mudar seus agendamentos?
}
too-late-to-change = É tarde demais para mudar isto por aqui: mudanças exigem { $notice } de antecedência. Ligue para a unidade, por favor.
cannot-change-here = Este agendamento não pode ser alterado por aqui. Ligue para a unidade, por favor.
not-found = Não encontro nenhum agendamento com este código e este contato. Confira os dois e tente de novo, por favor.
too-many-attempts = { $minutes ->
    [one] Foram tentativas demais. Tente de novo em { $minutes } minuto, por favor.
   *[other] Foram tentativas demais. Tente de novo em { $minutes } minutos, por favor.
}

# What is missing or mistyped

input-needed = { $count ->
    [one] Preciso de mais uma informação.
   *[other] Preciso de mais algumas informações.
}
missing-name = Informe seu nome, por favor.
missing-given-name = Informe seu primeiro nome, por favor.
missing-family-name = Informe seu sobrenome, por favor.
missing-email = Informe seu e-mail, por favor.
invalid-email = Isso não parece um e-mail. Confira, por favor.
missing-phone = Informe seu número de telefone, por favor.
invalid-phone = Isso não parece um número de telefone. Confira, com o código de área, por favor.
missing-contact = Informe um e-mail ou um número de telefone, por favor.
missing-birth-date = Informe sua data de nascimento, por favor.
invalid-birth-date = Isso não parece uma data de nascimento. Escreva ano, mês e dia, como 1980-05-31, por favor.
birth-date-in-future = A data de nascimento está no futuro. Confira, por favor.
missing-answer = Responda a esta pergunta, por favor: { $question }
invalid-answer = Responda com uma destas opções, por favor: { $options }. A pergunta é: { $question }
missing-consent = Antes de agendar, preciso que você concorde com isto: { $consent }
missing-practitioner = Escolha com quem você quer a consulta, por favor.
invalid-practitioner = Não encontro essa pessoa nesta unidade. Escolha de novo, por favor.
missing-code = Informe seu código de confirmação, por favor.
invalid-code = Isso não parece um código de confirmação. Ele tem dez letras e números, como ABCDE-12345.
missing-proof = Informe o e-mail, o telefone ou a data de nascimento que você usou ao agendar, por favor.
missing-place = Informe seu código postal ou sua cidade, por favor.
invalid-date = Não entendi essa data. Escreva ano, mês e dia, como 2026-05-31, por favor.
past-date = Essa data já passou. Escolha uma data posterior, por favor.
missing-slot = Escolha primeiro um horário, por favor.
missing-slots = { $count ->
    [one] Escolha { $count } horário, um para cada dose, por favor.
   *[other] Escolha { $count } horários, um para cada dose, por favor.
}
text-too-long = { $max ->
    [one] Esse texto é longo demais. Use no máximo { $max } caractere, por favor.
   *[other] Esse texto é longo demais. Use no máximo { $max } caracteres, por favor.
}

# When we cannot, and how to go on

unavailable = Infelizmente, não consigo acessar a agenda da unidade agora. Tente mais tarde, por favor.
unavailable-for = { $seconds ->
    [one] Infelizmente, não consigo acessar a agenda da unidade agora. Tente de novo em { $seconds } segundo, por favor.
   *[other] Infelizmente, não consigo acessar a agenda da unidade agora. Tente de novo em { $seconds } segundos, por favor.
}
invalid-request = Infelizmente, há um erro neste pedido e não consigo continuar.
misconfigured = Infelizmente, o agendamento on-line não está bem configurado no momento.
rate-limited = Há pedidos demais neste momento. Tente de novo daqui a pouco, por favor.
internal = Infelizmente, algo deu errado do nosso lado. Tente mais tarde, por favor.
timeout = Infelizmente, a agenda da unidade está demorando demais para responder. Tente de novo daqui a pouco, por favor.
way-on-phone = Você pode ligar para a unidade: { $phone }
way-on-page = Você pode continuar aqui: { $page }
way-on-handoff = Posso colocar você em contato com alguém que ajude.

# Words for labels and menus

dose = Dose { $dose }
today = Hoje
tomorrow = Amanhã
open-now = Aberto agora
closed-now = Fechado agora
remaining = { $count ->
    [one] resta { $count }
   *[other] restam { $count }
}
any-practitioner = Qualquer profissional
free-of-charge = Grátis
online = On-line
status-booked = Agendado
status-pending = Ainda não confirmado
status-moved = Mudado
status-cancelled = Cancelado
status-cancelled-by-clinic = Cancelado pela unidade
status-past = Já passou
minutes = { $count ->
    [one] { $count } minuto
   *[other] { $count } minutos
}
hours = { $count ->
    [one] { $count } hora
   *[other] { $count } horas
}
days = { $count ->
    [one] { $count } dia
   *[other] { $count } dias
}

# How labels are put together

label-date-time = { $date }, { $time }
label-date-time-zone = { $date }, { $time } ({ $zone })
label-time-zone = { $time } ({ $zone })
label-named-day = { $name } ({ $date })
hours-days = { $from }–{ $to }
hours-every-day = Todos os dias
hours-span = { $from } – { $to }
hours-around-the-clock = 24 horas
hours-on-days = { $days } { $hours }
hours-enumerated = { $before }, { $next }
hours-separated = { $before }; { $next }
distance-miles = { $number } mi
distance-kilometres = { $number } km
title-with-detail = { $title } ({ $detail })
