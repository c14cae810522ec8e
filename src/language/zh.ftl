# 产品所说的话，简体中文。称呼用“您”。

# Locations

locations-found = 找到了 { $count } 家诊所。
locations-nearby = 在您附近找到了 { $count } 家诊所。
locations-none-within = { $distance }以内没有找到诊所。您可以换一个地点，或者扩大搜索范围。
locations-none = 没有找到可以预约的诊所。
locations-none-for-service = 没有找到提供此项服务的诊所：{ $service }。
locations-unknown-place = 我不认识这个地点。请检查一下，或者告诉我另一个邮政编码或城市。
locations-matched-by-place = 我无法计算那里的距离，所以查找了邮政编码相同或在同一城市的诊所。
location-unknown = 找不到这家诊所。请选择另一家。
service-unknown = 这家诊所不提供此项服务。请另选一项。

# Free times

slots-found = { $service }，{ $location }：有 { $count } 个可预约的时间。
slots-found-anywhere = { $service }：有 { $count } 个可预约的时间。
slots-found-for-dose = 第 { $dose } 剂：有 { $count } 个可预约的时间。
slots-moves-found = 您可以改到以下 { $count } 个时间。
slots-no-moves = 您选择的日期没有可以改期的空余时间。您原来的预约保持不变。
slots-none = 您选择的日期没有空余时间。
slots-alternatives = 这里有另外 { $count } 个时间。
slots-stale = 这些时间可能有变化。预约时我会再次核对。
choose-by-number = 请回复您所选项的编号。
book-by-page = 您可以在此网页预约：{ $page }
book-by-phone = 您可以电话预约：{ $phone }
book-by-page-or-phone = 您可以在此网页预约：{ $page } ，也可以电话预约：{ $phone }
book-at-clinic = 这里无法预约。请直接咨询诊所。

# Booking

booked = 预约成功：{ $service }，{ $when }，{ $location }。
booked-series = 已为您预约 { $count } 剂：{ $service }，{ $location }。
dose-line = 第 { $dose } 剂：{ $when }
confirmation-code = 您的确认码是 { $code }。
confirmation-write-down = 请记下这个确认码：我们不会另行发送，更改或取消预约时需要用到它。
confirmation-by-email = 确认信息将发送到您的电子邮箱。
confirmation-by-sms = 确认信息将以短信发送给您。
confirmation-by-email-and-sms = 确认信息将以电子邮件和短信发送给您。
reminder = 我们会提前 { $before }提醒您。
preview-booking = { $service }，{ $when }，{ $location }。要为您预约吗？
preview-series = { $service }，{ $location }，共 { $count } 剂：
preview-question = 要为您预约吗？
slot-taken = 抱歉，这个时间已被约满。
dose-taken = 抱歉，第 { $dose } 剂的时间已被约满。
doses-taken = 抱歉，以下各剂的时间已被约满：{ $doses }。
nothing-booked = 没有进行任何预约。
nothing-changed = 没有做任何更改。
already-booked = 您已经预约过了。为了保护您的预约，我不能再次显示确认码。
not-bookable = 这个时间不能预约。请另选一个。
not-bookable-too-soon = 这个时间太近了。请至少提前 { $notice }预约。
not-bookable-too-far-ahead = 这个时间太远了。最多可以提前 { $days } 天预约。
not-bookable-not-a-time = 诊所没有提供这个时间。请另选一个。
not-bookable-past = 这个时间已经过去了。请另选一个。
not-bookable-not-a-series = 这些时间不能一起预约。请按顺序为每一剂选择一个时间。
not-eligible-too-young = 此项服务适用于 { $age } 岁及以上的人士。
not-eligible-too-old = 此项服务适用于 { $age } 岁及以下的人士。
not-eligible-adults-only = 此项服务仅限成人。
not-eligible-children-only = 此项服务仅限儿童。
series-interval = 第 { $dose } 剂须在第 { $previous } 剂之后 { $min } 至 { $max } 天。
series-interval-exact = 第 { $dose } 剂须恰好在第 { $previous } 剂之后 { $days } 天。
too-many-bookings = 您最多可以同时有 { $max } 个未完成的预约。如需再预约，请先取消一个。
in-progress = 正在处理中。请稍后再问我一次。

# Looking up, cancelling, moving

appointment-found = 您有一个预约：{ $service }，{ $when }，{ $location }。
appointments-found = 您有 { $count } 个预约。
appointment-pending = 这个预约尚未确认。请稍后再问我一次。
appointment-moved = 这个预约已改到其他时间。
appointment-cancelled-by-clinic = 诊所取消了这个预约。
appointment-past = 这个预约的时间已经过去了。
cancelled = 预约已取消：{ $service }，{ $when }。
cancelled-series = { $service }：已取消 { $count } 个预约。
cancellation-mail = 您的预约已取消。
already-cancelled = 这个预约之前已经取消了。您无需再做什么。
preview-cancel = { $service }，{ $when }，{ $location }。要取消这个预约吗？
preview-cancel-series = { $service }：要取消 { $count } 个预约吗？
later-doses-cancelled-too = 取消第 { $dose } 剂后，之后的各剂也会一并取消。
rescheduled = 您的预约已改期：{ $service }，{ $when }，{ $location }。
rescheduled-series = 已改期 { $count } 个预约：{ $service }，{ $location }。
same-code = 您的确认码不变。
preview-move = 新的时间：{ $service }，{ $when }，{ $location }。要更改您的预约吗？
preview-move-series = { $service }，{ $location }，{ $count } 个新的时间：
preview-move-question = { $count ->
    [1] 要更改您的预约吗？
   *[other] 要更改您的这些预约吗？
}
too-late-to-change = 现在已无法在此更改：更改须提前 { $notice }。请致电诊所。
cannot-change-here = 这个预约无法在此更改。请致电诊所。
not-found = 找不到与此确认码和联系方式相符的预约。请检查后重试。
too-many-attempts = 尝试次数过多。请在 { $minutes } 分钟后重试。

# What is missing or mistyped

input-needed = { $count ->
    [1] 还需要一项信息。
   *[other] 还需要几项信息。
}
missing-name = 请告诉我您的姓名。
missing-given-name = 请告诉我您的名字。
missing-family-name = 请告诉我您的姓氏。
missing-email = 请提供您的电子邮箱。
invalid-email = 这看起来不像电子邮箱地址。请检查一下。
missing-phone = 请提供您的电话号码。
invalid-phone = 这看起来不像电话号码。请检查一下，并加上区号。
missing-contact = 请提供电子邮箱或电话号码。
missing-birth-date = 请告诉我您的出生日期。
invalid-birth-date = 这看起来不像出生日期。请写明年、月、日，例如 1980-05-31。
birth-date-in-future = 出生日期晚于今天。请检查一下。
missing-answer = 请回答这个问题：{ $question }
invalid-answer = 请从以下答案中选择：{ $options }。问题是：{ $question }
missing-consent = 预约之前，需要您同意以下内容：{ $consent }
missing-practitioner = 请选择您想约的医护人员。
invalid-practitioner = 在这家诊所找不到这位医护人员。请重新选择。
missing-code = 请提供您的确认码。
invalid-code = 这看起来不像确认码。确认码由十个字母和数字组成，例如 ABCDE-12345。
missing-proof = 请提供您预约时使用的电子邮箱、电话号码或出生日期。
missing-place = 请告诉我您的邮政编码或所在城市。
invalid-date = 我看不懂这个日期。请写明年、月、日，例如 2026-05-31。
past-date = 这个日期已经过去了。请选择之后的日期。
missing-slot = 请先选择一个时间。
missing-slots = 请选择 { $count } 个时间，每剂一个。
text-too-long = 这段文字太长了。最多 { $max } 个字符。

# When we cannot, and how to go on

unavailable = 抱歉，目前无法查询诊所的日程。请稍后重试。
unavailable-for = 抱歉，目前无法查询诊所的日程。请在 { $seconds } 秒后重试。
invalid-request = 抱歉，这个请求有误，无法继续。
misconfigured = 抱歉，在线预约目前没有设置好。
rate-limited = 目前请求过多。请稍后重试。
internal = 抱歉，我们这边出了问题。请稍后重试。
timeout = 抱歉，诊所的日程迟迟没有响应。请稍后重试。
way-on-phone = 您可以致电诊所：{ $phone }
way-on-page = 您可以在此继续：{ $page }
way-on-handoff = 我可以为您转接能够帮助您的人员。

# Words for labels and menus

dose = 第 { $dose } 剂
today = 今天
tomorrow = 明天
open-now = 营业中
closed-now = 未营业
remaining = 剩余 { $count } 个名额
any-practitioner = 不限
free-of-charge = 免费
online = 线上
status-booked = 已预约
status-pending = 待确认
status-moved = 已改期
status-cancelled = 已取消
status-cancelled-by-clinic = 已被诊所取消
status-past = 已结束
minutes = { $count } 分钟
hours = { $count } 小时
days = { $count } 天

# How labels are put together

label-date-time = { $date } { $time }
label-date-time-zone = { $date } { $time } ({ $zone })
label-time-zone = { $time } ({ $zone })
label-named-day = { $name } ({ $date })
hours-days = { $from }至{ $to }
hours-every-day = 每天
hours-span = { $from }–{ $to }
hours-around-the-clock = 24 小时
hours-on-days = { $days } { $hours }
hours-enumerated = { $before }、{ $next }
hours-separated = { $before }；{ $next }
distance-miles = { $number } 英里
distance-kilometres = { $number } 公里
title-with-detail = { $title } ({ $detail })
