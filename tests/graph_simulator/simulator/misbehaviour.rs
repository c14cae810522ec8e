//! What goes wrong on demand: each rule names one way, where, how often and by which chance.

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::calls::Kind;

/// One way to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Misbehaviour {
    /// 500, and nothing is done.
    Error500,
    /// 500 `UnknownError`, though it is done.
    Error500ThoughCreated,
    /// 503 with a date to come back at.
    Error503,
    Error504,
    /// 429 with a fraction of a second to wait.
    Throttled,
    /// No answer, and nothing is done.
    Hang,
    /// No answer, though it is done.
    HangThoughCreated,
    /// The connection closes, and nothing is done.
    ResetBefore,
    /// The connection closes, though it is done.
    ResetAfterCommit,
    /// 500 at once; it is done after the rule's delay.
    LandsLate,
    Unauthorized,
    Forbidden,
    /// 200 with a page of HTML, and nothing is done.
    Garbage,
    /// Lists come without customers and without their number.
    EmptyCustomers,
    /// `start` and `end`, as an example of the documentation has it.
    OldNames,
    /// Availability under the documentation's key, with its capitals and its zone.
    StaffAvailabilityItemKey,
    /// Zones by Microsoft's names.
    OddZones,
    /// A zone that does not exist.
    UnknownZone,
    /// Availability shows busy time as available.
    BusyIgnored,
    /// Of two busy times that overlap or touch, the second is shown as available.
    MergedOverlaps,
    /// Ids of new appointments hold a `/`.
    SlashIds,
    /// PATCH is a bad request.
    RefusePatch,
    /// A group appointment loses the customers that this write would add.
    DroppedCustomer,
    /// Somebody takes the place just before our write, which is then judged by the rules.
    Intruder,
    /// The same, but our write is let through as well.
    IntruderLetThrough,
    /// Somebody adds a customer to the group appointment just before our PATCH.
    IntruderInGroup,
    /// Made an hour later than asked for.
    WrongPlace,
    /// The next page is on another host.
    ForeignNextLink,
    /// Without `createdDateTime`.
    MissingCreated,
    /// A kindness nobody has seen: appointments come with an `@odata.etag`, and `If-Match` is heeded.
    Etags,
}

impl Misbehaviour {
    /// Whether it has a meaning for a call; where it has none, its rule does not count the call.
    fn concerns(self, kind: Kind) -> bool {
        match self {
            Self::EmptyCustomers => kind.lists_appointments(),
            Self::OldNames => kind == Kind::CalendarView,
            Self::StaffAvailabilityItemKey | Self::BusyIgnored | Self::MergedOverlaps => {
                kind == Kind::StaffAvailability
            }
            Self::OddZones => {
                matches!(kind, Kind::GetBusiness | Kind::GetStaffMember | Kind::ListStaffMembers)
            }
            Self::UnknownZone => kind == Kind::GetBusiness,
            Self::SlashIds | Self::WrongPlace => kind == Kind::CreateAppointment,
            Self::RefusePatch | Self::IntruderInGroup => kind == Kind::UpdateAppointment,
            Self::DroppedCustomer | Self::Intruder | Self::IntruderLetThrough => kind.writes_appointments(),
            Self::ForeignNextLink => kind.is_list(),
            Self::MissingCreated => kind.reads_appointments(),
            Self::Etags => kind == Kind::GetAppointment || kind == Kind::UpdateAppointment,
            _ => true,
        }
    }

    /// Whether it decides by itself what comes back; of those, a request meets one.
    pub(crate) fn decides(self) -> bool {
        self.spoils_connection()
            || matches!(
                self,
                Self::Error500
                    | Self::Error500ThoughCreated
                    | Self::Error503
                    | Self::Error504
                    | Self::Throttled
                    | Self::LandsLate
                    | Self::Unauthorized
                    | Self::Forbidden
                    | Self::Garbage
            )
    }

    /// Whether it meets the whole round trip, a batch with all its parts.
    pub(crate) fn spoils_connection(self) -> bool {
        matches!(self, Self::Hang | Self::HangThoughCreated | Self::ResetBefore | Self::ResetAfterCommit)
    }

    /// Whether the request is carried out before the answer goes wrong.
    pub(crate) fn executes(self) -> bool {
        matches!(self, Self::Error500ThoughCreated | Self::HangThoughCreated | Self::ResetAfterCommit)
    }
}

/// Which way, where, and how often.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Rule {
    pub what: Misbehaviour,
    #[serde(default)]
    pub on: On,
    /// For ever, if not told.
    #[serde(default)]
    pub times: Option<u64>,
    #[serde(default = "always")]
    pub chance: f64,
    /// So many requests that would match are let go first.
    #[serde(default)]
    pub after: u64,
    /// Of [`Misbehaviour::LandsLate`].
    #[serde(default = "a_while")]
    pub delay_ms: u64,
    /// Of [`Misbehaviour::IntruderLetThrough`].
    #[serde(default)]
    pub created: Created,
}

/// The requests a rule is for.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct On {
    #[serde(default)]
    pub method: Option<String>,
    /// How the template ends, plainly or as a regular expression: `appointments`, `appointments/{id}`,
    /// `(services|staffMembers)`.
    #[serde(default)]
    pub path: Option<String>,
}

/// Whose appointment was made first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Created {
    #[default]
    Earlier,
    Later,
}

impl Rule {
    /// On every request that it concerns, for ever.
    pub(crate) fn new(what: Misbehaviour) -> Self {
        let (on, created) = (On::default(), Created::default());
        Self { what, on, times: None, chance: always(), after: 0, delay_ms: a_while(), created }
    }

    #[must_use]
    pub(crate) fn on(mut self, method: &str, path: &str) -> Self {
        self.on = On { method: Some(method.into()), path: Some(path.into()) };
        self
    }

    #[must_use]
    pub(crate) fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    #[must_use]
    pub(crate) fn chance(mut self, chance: f64) -> Self {
        self.chance = chance;
        self
    }

    #[must_use]
    pub(crate) fn after(mut self, after: u64) -> Self {
        self.after = after;
        self
    }

    #[must_use]
    pub(crate) fn delay_ms(mut self, delay: u64) -> Self {
        self.delay_ms = delay;
        self
    }

    #[must_use]
    pub(crate) fn created(mut self, created: Created) -> Self {
        self.created = created;
        self
    }
}

fn always() -> f64 {
    1.0
}

fn a_while() -> u64 {
    200
}

/// The rules in force, with what each has seen, and the chance that decides.
#[derive(Debug)]
pub(crate) struct Rules {
    rules: Vec<Live>,
    pub chance: Chance,
}

#[derive(Debug)]
struct Live {
    rule: Rule,
    path: Option<Regex>,
    matched: u64,
    fired: u64,
}

impl Rules {
    pub(crate) fn new() -> Self {
        Self { rules: Vec::new(), chance: Chance(1) }
    }

    pub(crate) fn add(&mut self, rule: Rule) {
        let path = rule.on.path.as_ref().and_then(|path| Regex::new(&format!("(?:{path})$")).ok());
        self.rules.push(Live { rule, path, matched: 0, fired: 0 });
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// The rules that this request meets: of those that decide the answer, the first.
    pub(crate) fn met_by(&mut self, kind: Kind) -> Vec<Rule> {
        let mut met: Vec<Rule> = Vec::new();
        for live in &mut self.rules {
            let decided = live.rule.what.decides() && met.iter().any(|rule| rule.what.decides());
            if live.fires(kind, decided, &mut self.chance) {
                met.push(live.rule.clone());
            }
        }
        met
    }
}

impl Live {
    /// A request that another rule has decided counts as a match, no more.
    fn fires(&mut self, kind: Kind, decided: bool, chance: &mut Chance) -> bool {
        if !self.matches(kind) || self.rule.times.is_some_and(|times| self.fired >= times) {
            return false;
        }
        self.matched += 1;
        let fires = !decided && self.matched > self.rule.after && chance.is_below(self.rule.chance);
        self.fired += u64::from(fires);
        fires
    }

    fn matches(&self, kind: Kind) -> bool {
        let (spelling, on) = (kind.spelling(), &self.rule.on);
        let by_path = |path: &String| {
            spelling.template.ends_with(path.as_str())
                || self.path.as_ref().is_some_and(|regex| regex.is_match(spelling.template))
        };
        self.rule.what.concerns(kind)
            && on.method.as_ref().is_none_or(|method| spelling.method.as_str().eq_ignore_ascii_case(method))
            && on.path.as_ref().is_none_or(by_path)
    }
}

/// Numbers that look random and follow from a seed: `SplitMix64`.
#[derive(Debug)]
pub(crate) struct Chance(pub u64);

impl Chance {
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// True in this share of cases.
    pub(crate) fn is_below(&mut self, share: f64) -> bool {
        share >= 1.0
            || f64::from(u32::try_from(self.number() >> 32).unwrap_or_default()) < share * 4_294_967_296.0
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            let bound = u64::try_from(index + 1).unwrap_or(1);
            items.swap(index, usize::try_from(self.number() % bound).unwrap_or_default());
        }
    }
}
