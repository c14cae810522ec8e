# ما يقوله المنتج بالعربية. صيغ لا تخصّ جنسًا بعينه («يرجى ...»، «يمكنك»)، وصيغ العدد الست.

# Locations

locations-found = { $count ->
    [zero] لم نعثر على أي عيادة.
    [one] عثرنا على عيادة واحدة.
    [two] عثرنا على عيادتين.
    [few] عثرنا على { $count } عيادات.
    [many] عثرنا على { $count } عيادة.
   *[other] عثرنا على { $count } عيادة.
}
locations-nearby = { $count ->
    [zero] لم نعثر على أي عيادة بالقرب منك.
    [one] عثرنا على عيادة واحدة بالقرب منك.
    [two] عثرنا على عيادتين بالقرب منك.
    [few] عثرنا على { $count } عيادات بالقرب منك.
    [many] عثرنا على { $count } عيادة بالقرب منك.
   *[other] عثرنا على { $count } عيادة بالقرب منك.
}
locations-none-within = لم نعثر على أي عيادة ضمن مسافة { $distance }. يمكنك تجربة مكان آخر أو توسيع البحث.
locations-none = لم نعثر على أي عيادة يمكن الحجز فيها.
locations-none-for-service = لم نعثر على أي عيادة تقدّم هذه الخدمة: { $service }.
locations-unknown-place = لا نعرف هذا المكان. يرجى التحقق منه، أو إرسال رمز بريدي آخر أو مدينة أخرى.
locations-matched-by-place = لا يمكننا قياس المسافات هناك، لذلك بحثنا عن عيادات لها الرمز البريدي نفسه أو في المدينة نفسها.
location-unknown = لم نعثر على هذه العيادة. يرجى اختيار عيادة أخرى.
service-unknown = هذه العيادة لا تقدّم هذه الخدمة. يرجى اختيار خدمة أخرى.

# Free times

slots-found = { $count ->
    [zero] { $service }، { $location }: لا توجد مواعيد متاحة.
    [one] { $service }، { $location }: يوجد موعد واحد متاح.
    [two] { $service }، { $location }: يوجد موعدان متاحان.
    [few] { $service }، { $location }: توجد { $count } مواعيد متاحة.
    [many] { $service }، { $location }: يوجد { $count } موعدًا متاحًا.
   *[other] { $service }، { $location }: يوجد { $count } موعد متاح.
}
slots-found-anywhere = { $count ->
    [zero] { $service }: لا توجد مواعيد متاحة.
    [one] { $service }: يوجد موعد واحد متاح.
    [two] { $service }: يوجد موعدان متاحان.
    [few] { $service }: توجد { $count } مواعيد متاحة.
    [many] { $service }: يوجد { $count } موعدًا متاحًا.
   *[other] { $service }: يوجد { $count } موعد متاح.
}
slots-found-for-dose = { $count ->
    [zero] الجرعة { $dose }: لا توجد مواعيد متاحة.
    [one] الجرعة { $dose }: يوجد موعد واحد متاح.
    [two] الجرعة { $dose }: يوجد موعدان متاحان.
    [few] الجرعة { $dose }: توجد { $count } مواعيد متاحة.
    [many] الجرعة { $dose }: يوجد { $count } موعدًا متاحًا.
   *[other] الجرعة { $dose }: يوجد { $count } موعد متاح.
}
slots-moves-found = { $count ->
    [zero] لا توجد مواعيد يمكنك الانتقال إليها.
    [one] يوجد موعد واحد يمكنك الانتقال إليه.
    [two] يوجد موعدان يمكنك الانتقال إليهما.
    [few] توجد { $count } مواعيد يمكنك الانتقال إليها.
    [many] يوجد { $count } موعدًا يمكنك الانتقال إليها.
   *[other] يوجد { $count } موعد يمكنك الانتقال إليها.
}
slots-no-moves = لا يوجد موعد متاح يمكنك الانتقال إليه في الأيام المختارة. موعدك باقٍ كما هو.
slots-none = لا يوجد موعد متاح في الأيام المختارة.
slots-alternatives = { $count ->
    [zero] لا توجد مواعيد أخرى.
    [one] إليك موعدًا آخر.
    [two] إليك موعدين آخرين.
    [few] إليك { $count } مواعيد أخرى.
    [many] إليك { $count } موعدًا آخر.
   *[other] إليك { $count } موعد آخر.
}
slots-stale = ربما تغيّرت هذه المواعيد. سنتحقق منها مرة أخرى عند الحجز.
choose-by-number = يرجى الرد برقم اختيارك.
book-by-page = يمكنك الحجز عبر هذه الصفحة: { $page }
book-by-phone = يمكنك الحجز عبر الهاتف: { $phone }
book-by-page-or-phone = يمكنك الحجز عبر هذه الصفحة: { $page } أو عبر الهاتف: { $phone }
book-at-clinic = لا يمكن الحجز من هنا. يرجى التواصل مع العيادة مباشرة.

# Booking

booked = تم حجز موعدك: { $service }، { $when }، { $location }.
booked-series = { $count ->
    [zero] لم تُحجز لك أي جرعة: { $service }، { $location }.
    [one] تم حجز جرعة واحدة لك: { $service }، { $location }.
    [two] تم حجز جرعتين لك: { $service }، { $location }.
    [few] تم حجز { $count } جرعات لك: { $service }، { $location }.
    [many] تم حجز { $count } جرعة لك: { $service }، { $location }.
   *[other] تم حجز { $count } جرعة لك: { $service }، { $location }.
}
dose-line = الجرعة { $dose }: { $when }
confirmation-code = رمز التأكيد الخاص بك هو { $code }.
confirmation-write-down = يرجى كتابة هذا الرمز والاحتفاظ به: لن نرسل إليك أي شيء، وستحتاج إليه لتغيير الموعد أو إلغائه.
confirmation-by-email = سيصلك تأكيد على بريدك الإلكتروني.
confirmation-by-sms = سيصلك تأكيد في رسالة نصية.
confirmation-by-email-and-sms = سيصلك تأكيد عبر البريد الإلكتروني وفي رسالة نصية.
reminder = سيصلك تذكير قبل الموعد بـ: { $before }.
preview-booking = { $service }، { $when }، { $location }. هل نحجز هذا الموعد؟
preview-series = { $count ->
    [zero] { $service }، { $location }، { $count } جرعة:
    [one] { $service }، { $location }، جرعة واحدة:
    [two] { $service }، { $location }، جرعتان:
    [few] { $service }، { $location }، { $count } جرعات:
    [many] { $service }، { $location }، { $count } جرعة:
   *[other] { $service }، { $location }، { $count } جرعة:
}
preview-question = هل نتابع الحجز؟
slot-taken = عذرًا، لم يعد هذا الموعد متاحًا.
dose-taken = عذرًا، لم يعد موعد الجرعة { $dose } متاحًا.
doses-taken = عذرًا، لم تعد مواعيد هذه الجرعات متاحة: { $doses }.
nothing-booked = لم يُحجز أي موعد.
nothing-changed = لم يتغيّر أي شيء.
already-booked = هذا الحجز موجود لديك من قبل. حفاظًا على أمان حجزك، لا يمكننا عرض رمز التأكيد مرة أخرى.
not-bookable = لا يمكن حجز هذا الموعد. يرجى اختيار موعد آخر.
not-bookable-too-soon = هذا الموعد قريب جدًا. يرجى الحجز قبل الموعد بهذه المدة على الأقل: { $notice }.
not-bookable-too-far-ahead = { $days ->
    [zero] هذا الموعد بعيد جدًا. يمكن الحجز مقدمًا حتى { $days } يوم.
    [one] هذا الموعد بعيد جدًا. يمكن الحجز مقدمًا حتى يوم واحد.
    [two] هذا الموعد بعيد جدًا. يمكن الحجز مقدمًا حتى يومين.
    [few] هذا الموعد بعيد جدًا. يمكن الحجز مقدمًا حتى { $days } أيام.
    [many] هذا الموعد بعيد جدًا. يمكن الحجز مقدمًا حتى { $days } يومًا.
   *[other] هذا الموعد بعيد جدًا. يمكن الحجز مقدمًا حتى { $days } يوم.
}
not-bookable-not-a-time = العيادة لا تقدّم هذا الموعد. يرجى اختيار موعد آخر.
not-bookable-past = لقد فات هذا الموعد. يرجى اختيار موعد آخر.
not-bookable-not-a-series = هذه المواعيد لا يمكن حجزها معًا. يرجى اختيار موعد لكل جرعة بالترتيب.
not-eligible-too-young = { $age ->
    [zero] هذه الخدمة لمن عمرهم { $age } سنة أو أكثر.
    [one] هذه الخدمة لمن عمرهم سنة واحدة أو أكثر.
    [two] هذه الخدمة لمن عمرهم سنتان أو أكثر.
    [few] هذه الخدمة لمن عمرهم { $age } سنوات أو أكثر.
    [many] هذه الخدمة لمن عمرهم { $age } سنة أو أكثر.
   *[other] هذه الخدمة لمن عمرهم { $age } سنة أو أكثر.
}
not-eligible-too-old = { $age ->
    [zero] هذه الخدمة لمن لا يزيد عمرهم على { $age } سنة.
    [one] هذه الخدمة لمن لا يزيد عمرهم على سنة واحدة.
    [two] هذه الخدمة لمن لا يزيد عمرهم على سنتين.
    [few] هذه الخدمة لمن لا يزيد عمرهم على { $age } سنوات.
    [many] هذه الخدمة لمن لا يزيد عمرهم على { $age } سنة.
   *[other] هذه الخدمة لمن لا يزيد عمرهم على { $age } سنة.
}
not-eligible-adults-only = هذه الخدمة للبالغين فقط.
not-eligible-children-only = هذه الخدمة للأطفال فقط.
series-interval = { $max ->
    [zero] يجب أن تكون الجرعة { $dose } بعد الجرعة { $previous } بمدة من { $min } إلى { $max } يوم.
    [one] يجب أن تكون الجرعة { $dose } بعد الجرعة { $previous } بمدة من { $min } إلى { $max } يوم.
    [two] يجب أن تكون الجرعة { $dose } بعد الجرعة { $previous } بمدة من { $min } إلى { $max } يوم.
    [few] يجب أن تكون الجرعة { $dose } بعد الجرعة { $previous } بمدة من { $min } إلى { $max } أيام.
    [many] يجب أن تكون الجرعة { $dose } بعد الجرعة { $previous } بمدة من { $min } إلى { $max } يومًا.
   *[other] يجب أن تكون الجرعة { $dose } بعد الجرعة { $previous } بمدة من { $min } إلى { $max } يوم.
}
series-interval-exact = { $days ->
    [zero] يجب أن تكون الجرعة { $dose } بعد الجرعة { $previous } بـ { $days } يوم تمامًا.
    [one] يجب أن تكون الجرعة { $dose } بعد الجرعة { $previous } بيوم واحد تمامًا.
    [two] يجب أن تكون الجرعة { $dose } بعد الجرعة { $previous } بيومين تمامًا.
    [few] يجب أن تكون الجرعة { $dose } بعد الجرعة { $previous } بـ { $days } أيام تمامًا.
    [many] يجب أن تكون الجرعة { $dose } بعد الجرعة { $previous } بـ { $days } يومًا تمامًا.
   *[other] يجب أن تكون الجرعة { $dose } بعد الجرعة { $previous } بـ { $days } يوم تمامًا.
}
too-many-bookings = الحد الأقصى للحجوزات القائمة في الوقت نفسه هو { $max }. لحجز موعد آخر، يرجى إلغاء حجز قائم أولًا.
in-progress = ما زلنا نعمل على ذلك. يرجى السؤال مرة أخرى بعد لحظات.

# Looking up, cancelling, moving

appointment-found = لديك موعد: { $service }، { $when }، { $location }.
appointments-found = { $count ->
    [zero] ليس لديك أي موعد.
    [one] لديك موعد واحد.
    [two] لديك موعدان.
    [few] لديك { $count } مواعيد.
    [many] لديك { $count } موعدًا.
   *[other] لديك { $count } موعد.
}
appointment-pending = لم يُؤكَّد هذا الحجز بعد. يرجى السؤال مرة أخرى بعد لحظات.
appointment-moved = نُقل هذا الموعد إلى وقت آخر.
appointment-cancelled-by-clinic = ألغت العيادة هذا الموعد.
appointment-past = لقد فات هذا الموعد.
cancelled = تم إلغاء الموعد: { $service }، { $when }.
cancelled-series = { $count ->
    [zero] { $service }: لم يُلغَ أي موعد.
    [one] { $service }: تم إلغاء موعد واحد.
    [two] { $service }: تم إلغاء موعدين.
    [few] { $service }: تم إلغاء { $count } مواعيد.
    [many] { $service }: تم إلغاء { $count } موعدًا.
   *[other] { $service }: تم إلغاء { $count } موعد.
}
cancellation-mail = تم إلغاء موعدك.
already-cancelled = كان هذا ملغًى من قبل. لا يلزمك القيام بأي شيء آخر.
preview-cancel = { $service }، { $when }، { $location }. هل نلغي هذا الموعد؟
preview-cancel-series = { $count ->
    [zero] { $service }: هل نلغي { $count } موعد؟
    [one] { $service }: هل نلغي موعدًا واحدًا؟
    [two] { $service }: هل نلغي موعدين؟
    [few] { $service }: هل نلغي { $count } مواعيد؟
    [many] { $service }: هل نلغي { $count } موعدًا؟
   *[other] { $service }: هل نلغي { $count } موعد؟
}
later-doses-cancelled-too = بدون الجرعة { $dose } تُلغى الجرعات اللاحقة أيضًا.
rescheduled = تم تغيير موعدك: { $service }، { $when }، { $location }.
rescheduled-series = { $count ->
    [zero] لم يتغيّر أي موعد: { $service }، { $location }.
    [one] تم تغيير موعد واحد: { $service }، { $location }.
    [two] تم تغيير موعدين: { $service }، { $location }.
    [few] تم تغيير { $count } مواعيد: { $service }، { $location }.
    [many] تم تغيير { $count } موعدًا: { $service }، { $location }.
   *[other] تم تغيير { $count } موعد: { $service }، { $location }.
}
same-code = رمز التأكيد الخاص بك يبقى كما هو.
preview-move = الموعد الجديد: { $service }، { $when }، { $location }. هل نغيّر موعدك؟
preview-move-series = { $count ->
    [zero] { $service }، { $location }، لا مواعيد جديدة:
    [one] { $service }، { $location }، موعد جديد واحد:
    [two] { $service }، { $location }، موعدان جديدان:
    [few] { $service }، { $location }، { $count } مواعيد جديدة:
    [many] { $service }، { $location }، { $count } موعدًا جديدًا:
   *[other] { $service }، { $location }، { $count } موعد جديد:
}
preview-move-question = { $count ->
    [zero] هل نغيّر موعدك؟
    [one] هل نغيّر موعدك؟
    [two] هل نغيّر موعديك؟
    [few] هل نغيّر مواعيدك؟
    [many] هل نغيّر مواعيدك؟
   *[other] هل نغيّر مواعيدك؟
}
too-late-to-change = فات وقت التغيير من هنا، إذ يجب أن يتم قبل الموعد بهذه المدة على الأقل: { $notice }. يرجى الاتصال بالعيادة.
cannot-change-here = لا يمكن تغيير هذا الموعد من هنا. يرجى الاتصال بالعيادة.
not-found = لم نعثر على حجز بهذا الرمز وبيانات الاتصال هذه. يرجى التحقق منهما والمحاولة مرة أخرى.
too-many-attempts = { $minutes ->
    [zero] كانت هناك محاولات كثيرة جدًا. يرجى المحاولة مرة أخرى بعد { $minutes } دقيقة.
    [one] كانت هناك محاولات كثيرة جدًا. يرجى المحاولة مرة أخرى بعد دقيقة واحدة.
    [two] كانت هناك محاولات كثيرة جدًا. يرجى المحاولة مرة أخرى بعد دقيقتين.
    [few] كانت هناك محاولات كثيرة جدًا. يرجى المحاولة مرة أخرى بعد { $minutes } دقائق.
    [many] كانت هناك محاولات كثيرة جدًا. يرجى المحاولة مرة أخرى بعد { $minutes } دقيقة.
   *[other] كانت هناك محاولات كثيرة جدًا. يرجى المحاولة مرة أخرى بعد { $minutes } دقيقة.
}

# What is missing or mistyped

input-needed = { $count ->
    [one] نحتاج إلى معلومة أخرى.
    [two] نحتاج إلى معلومتين أخريين.
   *[other] نحتاج إلى بعض المعلومات الأخرى.
}
missing-name = يرجى إخبارنا باسمك.
missing-given-name = يرجى إخبارنا باسمك الأول.
missing-family-name = يرجى إخبارنا باسم عائلتك.
missing-email = يرجى كتابة بريدك الإلكتروني.
invalid-email = لا يبدو هذا عنوان بريد إلكتروني صحيحًا. يرجى التحقق منه.
missing-phone = يرجى كتابة رقم هاتفك.
invalid-phone = لا يبدو هذا رقم هاتف صحيحًا. يرجى التحقق منه مع رمز المنطقة.
missing-contact = يرجى كتابة بريد إلكتروني أو رقم هاتف.
missing-birth-date = يرجى كتابة تاريخ ميلادك.
invalid-birth-date = لا يبدو هذا تاريخ ميلاد صحيحًا. يرجى كتابة السنة والشهر واليوم، مثل ⁨1980-05-31⁩.
birth-date-in-future = تاريخ الميلاد هذا في المستقبل. يرجى التحقق منه.
missing-answer = يرجى الإجابة عن هذا السؤال: { $question }
invalid-answer = يرجى اختيار إحدى هذه الإجابات: { $options }. السؤال هو: { $question }
missing-consent = قبل الحجز نحتاج إلى موافقتك على ما يلي: { $consent }
missing-practitioner = يرجى اختيار المختص المطلوب للموعد.
invalid-practitioner = لم نعثر على هذا الشخص في هذه العيادة. يرجى الاختيار مرة أخرى.
missing-code = يرجى كتابة رمز التأكيد الخاص بك.
invalid-code = لا يبدو هذا رمز تأكيد صحيحًا. يتكوّن الرمز من عشرة أحرف وأرقام، مثل ⁨ABCDE-12345⁩.
missing-proof = يرجى كتابة البريد الإلكتروني أو رقم الهاتف أو تاريخ الميلاد المستخدم عند الحجز.
missing-place = يرجى إخبارنا برمزك البريدي أو مدينتك.
invalid-date = لم نفهم هذا التاريخ. يرجى كتابة السنة والشهر واليوم، مثل ⁨2026-05-31⁩.
past-date = لقد فات هذا التاريخ. يرجى اختيار تاريخ لاحق.
missing-slot = يرجى اختيار موعد أولًا.
missing-slots = { $count ->
    [zero] يرجى اختيار { $count } موعد، لكل جرعة موعد.
    [one] يرجى اختيار موعد واحد، لكل جرعة موعد.
    [two] يرجى اختيار موعدين، لكل جرعة موعد.
    [few] يرجى اختيار { $count } مواعيد، لكل جرعة موعد.
    [many] يرجى اختيار { $count } موعدًا، لكل جرعة موعد.
   *[other] يرجى اختيار { $count } موعد، لكل جرعة موعد.
}
text-too-long = { $max ->
    [zero] هذا النص طويل جدًا. الحد الأقصى { $max } حرف.
    [one] هذا النص طويل جدًا. الحد الأقصى حرف واحد.
    [two] هذا النص طويل جدًا. الحد الأقصى حرفان.
    [few] هذا النص طويل جدًا. الحد الأقصى { $max } أحرف.
    [many] هذا النص طويل جدًا. الحد الأقصى { $max } حرفًا.
   *[other] هذا النص طويل جدًا. الحد الأقصى { $max } حرف.
}

# When we cannot, and how to go on

unavailable = عذرًا، لا يمكننا الوصول إلى جدول مواعيد العيادة الآن. يرجى المحاولة لاحقًا.
unavailable-for = { $seconds ->
    [zero] عذرًا، لا يمكننا الوصول إلى جدول مواعيد العيادة الآن. يرجى المحاولة مرة أخرى بعد { $seconds } ثانية.
    [one] عذرًا، لا يمكننا الوصول إلى جدول مواعيد العيادة الآن. يرجى المحاولة مرة أخرى بعد ثانية واحدة.
    [two] عذرًا، لا يمكننا الوصول إلى جدول مواعيد العيادة الآن. يرجى المحاولة مرة أخرى بعد ثانيتين.
    [few] عذرًا، لا يمكننا الوصول إلى جدول مواعيد العيادة الآن. يرجى المحاولة مرة أخرى بعد { $seconds } ثوانٍ.
    [many] عذرًا، لا يمكننا الوصول إلى جدول مواعيد العيادة الآن. يرجى المحاولة مرة أخرى بعد { $seconds } ثانية.
   *[other] عذرًا، لا يمكننا الوصول إلى جدول مواعيد العيادة الآن. يرجى المحاولة مرة أخرى بعد { $seconds } ثانية.
}
invalid-request = عذرًا، في هذا الطلب خطأ، ولا يمكننا المتابعة.
misconfigured = عذرًا، الحجز عبر الإنترنت غير مُعدّ بشكل صحيح حاليًا.
rate-limited = هناك طلبات كثيرة جدًا الآن. يرجى المحاولة مرة أخرى بعد لحظات.
internal = عذرًا، حدث خطأ من جانبنا. يرجى المحاولة لاحقًا.
timeout = عذرًا، تأخر جدول مواعيد العيادة في الرد. يرجى المحاولة مرة أخرى بعد لحظات.
way-on-phone = يمكنك الاتصال بالعيادة: { $phone }
way-on-page = يمكنك المتابعة هنا: { $page }
way-on-handoff = يمكننا توصيلك بشخص يساعدك.

# Words for labels and menus

dose = الجرعة { $dose }
today = اليوم
tomorrow = غدًا
open-now = مفتوح الآن
closed-now = مغلق الآن
remaining = { $count ->
    [zero] لم يبقَ أي مكان
    [one] بقي مكان واحد
    [two] بقي مكانان
    [few] بقيت { $count } أماكن
    [many] بقي { $count } مكانًا
   *[other] بقي { $count } مكان
}
any-practitioner = أي مختص
free-of-charge = مجانًا
online = عبر الإنترنت
status-booked = محجوز
status-pending = لم يُؤكَّد بعد
status-moved = تم تغييره
status-cancelled = ملغى
status-cancelled-by-clinic = ألغته العيادة
status-past = انتهى
minutes = { $count ->
    [zero] { $count } دقيقة
    [one] دقيقة واحدة
    [two] دقيقتين
    [few] { $count } دقائق
    [many] { $count } دقيقة
   *[other] { $count } دقيقة
}
hours = { $count ->
    [zero] { $count } ساعة
    [one] ساعة واحدة
    [two] ساعتين
    [few] { $count } ساعات
    [many] { $count } ساعة
   *[other] { $count } ساعة
}
days = { $count ->
    [zero] { $count } يوم
    [one] يوم واحد
    [two] يومين
    [few] { $count } أيام
    [many] { $count } يومًا
   *[other] { $count } يوم
}

# How labels are put together

label-date-time = { $date }، { $time }
label-date-time-zone = { $date }، { $time } ({ $zone })
label-time-zone = { $time } ({ $zone })
label-named-day = { $name } ({ $date })
hours-days = { $from }–{ $to }
hours-every-day = كل يوم
hours-span = { $from } – { $to }
hours-around-the-clock = طوال اليوم
hours-on-days = { $days } { $hours }
hours-enumerated = { $before }، { $next }
hours-separated = { $before }؛ { $next }
distance-miles = { $number } ميل
distance-kilometres = { $number } كم
title-with-detail = { $title } ({ $detail })
