//! What must hold, looked at from outside: the store's bytes, the vendor's calendar, and what was told. Nothing
//! here asks the ledger; it reads the documents by itself.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use chrono::DateTime;
use serde::Deserialize;

use super::{
    cluster::{Cluster, Errand, Reply, Stands, Told, Wanted},
    vendor::Kept,
};

macro_rules! demand {
    ($holds:expr, $($message:tt)+) => {
        if !$holds {
            return Err(format!($($message)+));
        }
    };
}

pub(super) use demand;

/// A record, as far as it matters here.
#[derive(Debug, Clone, Deserialize)]
struct Booking {
    state: String,
    attempt: u32,
    service: String,
    doses: Vec<Dose>,
    #[serde(default)]
    contacts: Vec<Contact>,
    operation: Option<serde_json::Value>,
}

#[derive(Debug, Clone, Deserialize)]
struct Dose {
    #[serde(rename = "dose")]
    number: u8,
    place: Option<Place>,
    handle: Option<String>,
    reference: Option<String>,
    status: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Place {
    practitioner: String,
    time: (String, String),
    buffered: (String, String),
}

#[derive(Debug, Clone, Deserialize)]
struct Contact {
    kind: String,
    digest: String,
}

#[derive(Debug, Deserialize)]
struct Day {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Deserialize)]
struct Entry {
    c: String,
    d: u8,
    p: String,
    t: i64,
}

impl Dose {
    fn stands(&self) -> bool {
        self.status == "booked" || self.status == "moved"
    }

    fn at(&self) -> Option<Stands> {
        let place = self.place.as_ref()?;
        Some((self.number, place.practitioner.clone(), millis(&place.time.0)))
    }
}

impl Booking {
    fn standing(&self) -> impl Iterator<Item = &Dose> {
        let confirmed = self.state == "confirmed";
        self.doses.iter().filter(move |dose| confirmed && dose.stands())
    }

    fn stands(&self) -> Vec<Stands> {
        self.standing().filter_map(Dose::at).collect()
    }

    fn email(&self) -> Option<&str> {
        self.contacts.iter().find(|contact| contact.kind == "email").map(|contact| contact.digest.as_str())
    }
}

fn millis(time: &str) -> i64 {
    DateTime::parse_from_rfc3339(time).expect("a time").timestamp_millis()
}

/// One code's record over time.
type Life = Vec<(Duration, Booking)>;

struct Evidence<'a> {
    cluster: &'a Cluster,
    lives: BTreeMap<String, Life>,
    vendor: HashMap<String, Kept>,
    journal: Vec<Told>,
    errands: HashMap<String, usize>,
}

/// Everything that must hold when all is quiet again.
pub(super) fn judge(cluster: &Cluster, errands: &[Errand]) -> Result<(), String> {
    let evidence = Evidence::collect(cluster, errands)?;
    evidence.records_end_well()?;
    evidence.nothing_was_ever_double()?;
    evidence.days_hold_what_stands()?;
    evidence.nothing_is_pending()?;
    evidence.vendor_has_what_stands()?;
    evidence.vendor_was_never_asked_twice_for_a_place()?;
    evidence.everything_told_is_true()
}

/// How a request ended, by its record alone.
pub(super) fn standing(cluster: &Cluster, errand: &Errand) -> Result<Vec<Vec<Stands>>, String> {
    let evidence = Evidence::collect(cluster, std::slice::from_ref(errand))?;
    let ended = evidence.lives.values().filter_map(|life| life.last());
    let own = ended.filter(|(_, booking)| evidence.errand(booking) == Some(errand.number));
    Ok(own.map(|(_, booking)| booking.stands()).filter(|stands| !stands.is_empty()).collect())
}

/// That the days have no entry, of whatever attempt.
pub(super) fn no_place_is_held(cluster: &Cluster) -> Result<(), String> {
    for (key, bytes) in cluster.shelf.documents("day/") {
        let day: Day = serde_json::from_slice(&bytes).map_err(|error| format!("`{key}`: {error}"))?;
        demand!(day.entries.is_empty(), "`{key}` holds {:?}", day.entries);
    }
    Ok(())
}

impl<'a> Evidence<'a> {
    fn collect(cluster: &'a Cluster, errands: &[Errand]) -> Result<Self, String> {
        let mut lives: BTreeMap<String, Life> = BTreeMap::new();
        for version in cluster.shelf.history() {
            let booking = serde_json::from_slice(&version.bytes)
                .map_err(|error| format!("`{}` does not parse: {error}", version.key))?;
            let code = version.key["booking/".len()..].to_owned();
            lives.entry(code).or_default().push((version.at, booking));
        }
        let keys = cluster.keys();
        let digest =
            |errand: &Errand, of: usize| keys[of].digest("email", &[&errand.email()]).as_str().to_owned();
        let errands = errands
            .iter()
            .flat_map(|errand| (0..keys.len()).map(move |of| (errand, of)))
            .map(|(errand, of)| (digest(errand, of), errand.number))
            .collect();
        Ok(Self {
            cluster,
            lives,
            vendor: cluster.calendar.appointments().into_iter().collect(),
            journal: cluster.journal(),
            errands,
        })
    }

    fn errand(&self, booking: &Booking) -> Option<usize> {
        booking.email().and_then(|email| self.errands.get(email)).copied()
    }

    fn is_vendors(&self) -> bool {
        self.cluster.calendar.clinic.has_vendor()
    }

    /// Whether somebody else moved or cancelled the appointment of a dose, so that its record may be behind.
    fn meddled(&self, dose: &Dose) -> bool {
        let kept = dose.handle.as_ref().and_then(|handle| self.vendor.get(handle));
        kept.is_some_and(|kept| kept.meddled)
    }

    /// Whether staff had cancelled the appointment of a dose by then. That is told before the record says so.
    fn gone_at_vendor(&self, dose: &Dose, by: Duration) -> bool {
        let kept = dose.handle.as_ref().and_then(|handle| self.vendor.get(handle));
        kept.is_some_and(|kept| kept.meddled && kept.gone.is_some_and(|gone| gone <= by))
    }

    fn ended(&self) -> impl Iterator<Item = (&String, &Booking)> {
        self.lives.iter().filter_map(|(code, life)| life.last().map(|(_, booking)| (code, booking)))
    }

    fn records_end_well(&self) -> Result<(), String> {
        for (code, life) in &self.lives {
            for pair in life.windows(2) {
                let ((_, before), (_, after)) = (&pair[0], &pair[1]);
                demand!(before.attempt <= after.attempt, "`{code}`: the attempt fell");
                let allowed: &[&str] = match before.state.as_str() {
                    "pending" => &["pending", "confirmed", "undoing"],
                    "undoing" => &["undoing", "undone"],
                    "undone" => &["undone", "pending"],
                    "confirmed" => &["confirmed", "cancelled"],
                    _ => &["cancelled"],
                };
                let after = after.state.as_str();
                demand!(allowed.contains(&after), "`{code}` went from {} to {after}", before.state);
            }
        }
        for (code, booking) in self.ended() {
            let ended = ["confirmed", "undone", "cancelled"].contains(&booking.state.as_str());
            demand!(ended, "`{code}` ended {}", booking.state);
            demand!(booking.operation.is_none(), "`{code}` ended with an operation in progress");
        }
        Ok(())
    }

    /// Follows every record through time: at no moment do two confirmed ones stand in each other's way, is a
    /// series half there, or is a request booked twice.
    fn nothing_was_ever_double(&self) -> Result<(), String> {
        let mut moments: Vec<(Duration, &String, &Booking)> = self
            .lives
            .iter()
            .flat_map(|(code, life)| life.iter().map(move |(at, booking)| (*at, code, booking)))
            .collect();
        moments.sort_by_key(|(at, _, _)| *at);
        let mut now: HashMap<&String, &Booking> = HashMap::new();
        for (at, code, booking) in moments {
            let before = now.insert(code, booking);
            if booking.state != "confirmed" {
                continue;
            }
            if before.is_none_or(|before| before.stands() != booking.stands()) {
                self.is_whole(code, booking)?;
                self.is_alone(at, code, booking, &now)?;
                self.has_no_outsider(at, code, booking)?;
            }
        }
        Ok(())
    }

    /// All doses, or after a cancellation the first ones.
    fn is_whole(&self, code: &str, booking: &Booking) -> Result<(), String> {
        let mut ended = false;
        for dose in &booking.doses {
            demand!(dose.place.is_some(), "`{code}` is confirmed, and dose {} has no place", dose.number);
            demand!(
                !self.is_vendors() || dose.handle.is_some(),
                "`{code}` is confirmed, and the vendor has no dose {}",
                dose.number
            );
            if dose.status == "cancelledByClinic" {
                continue;
            }
            demand!(!ended || !dose.stands(), "`{code}` is half there: {:?}", booking.stands());
            ended |= !dose.stands();
        }
        Ok(())
    }

    fn is_alone(
        &self,
        at: Duration,
        code: &String,
        booking: &Booking,
        now: &HashMap<&String, &Booking>,
    ) -> Result<(), String> {
        for dose in booking.standing().filter(|dose| !self.meddled(dose)) {
            let Some(place) = &dose.place else { continue };
            let mut seats = self.cluster.calendar.clinic.service(&booking.service).capacity;
            let others = now.iter().filter(|(other, _)| **other != code);
            for (other, other_booking) in others {
                for there in other_booking.standing().filter(|dose| !self.meddled(dose)) {
                    let Some(there) = &there.place else { continue };
                    let apart = there.practitioner != place.practitioner
                        || there.buffered.0 >= place.buffered.1
                        || place.buffered.0 >= there.buffered.1;
                    if apart {
                        continue;
                    }
                    let joined = other_booking.service == booking.service && there.time.0 == place.time.0;
                    seats = seats.saturating_sub(u32::from(joined));
                    demand!(
                        joined && seats > 0,
                        "at {at:?} `{code}` was confirmed at {place:?}, where `{other}` stood at {there:?}"
                    );
                }
            }
        }
        let twin = now.iter().find(|(other, other_booking)| {
            **other != code
                && self.errand(booking).is_some()
                && self.errand(other_booking) == self.errand(booking)
                && other_booking.standing().next().is_some()
        });
        demand!(twin.is_none(), "at {at:?} `{code}` and {:?} were one request", twin.map(|twin| twin.0));
        Ok(())
    }

    /// Who was there before us is not booked over.
    fn has_no_outsider(&self, at: Duration, code: &str, booking: &Booking) -> Result<(), String> {
        for place in
            booking.standing().filter(|dose| !self.meddled(dose)).filter_map(|dose| dose.place.as_ref())
        {
            let outsider =
                self.vendor.values().filter(|kept| kept.patient.is_none() && kept.made < at).find(|kept| {
                    let joined = kept.service.as_str() == booking.service
                        && kept.place.time.start().timestamp_millis() == millis(&place.time.0)
                        && self.cluster.calendar.clinic.capacity(&kept.service) > 1;
                    !joined
                        && kept.gone.is_none_or(|gone| gone > at)
                        && kept.place.practitioner.as_str() == place.practitioner
                        && kept.place.buffered.start().timestamp_millis() < millis(&place.buffered.1)
                        && millis(&place.buffered.0) < kept.place.buffered.end().timestamp_millis()
                });
            demand!(outsider.is_none(), "`{code}` was confirmed at {place:?}, over {outsider:?}");
        }
        Ok(())
    }

    fn days_hold_what_stands(&self) -> Result<(), String> {
        let mut held: HashSet<(String, Stands)> = HashSet::new();
        for (key, bytes) in self.cluster.shelf.documents("day/") {
            let day: Day = serde_json::from_slice(&bytes).map_err(|error| format!("`{key}`: {error}"))?;
            for entry in day.entries {
                let stands = (entry.d, entry.p.clone(), entry.t);
                let booking = self.lives.get(&entry.c).and_then(|life| life.last());
                let owned = booking.is_some_and(|(_, booking)| {
                    let meddled = |dose: &Dose| dose.number == entry.d && self.meddled(dose);
                    booking.stands().contains(&stands) || booking.doses.iter().any(meddled)
                });
                demand!(owned, "`{key}` has an entry of nothing that stands: {entry:?}");
                let (date, code) = (key.clone(), entry.c);
                demand!(
                    held.insert((format!("{date} {code}"), stands.clone())),
                    "`{key}` has {stands:?} of `{code}` twice"
                );
                held.insert((code, stands));
            }
        }
        for (code, booking) in self.ended() {
            for dose in booking.standing().filter(|dose| !self.meddled(dose)) {
                let stands = dose.at().ok_or("a dose without a place")?;
                demand!(held.contains(&(code.clone(), stands)), "nothing holds {:?} of `{code}`", dose.place);
            }
        }
        Ok(())
    }

    fn nothing_is_pending(&self) -> Result<(), String> {
        let pending = self.cluster.shelf.documents("pending/");
        let left: Vec<&String> =
            pending.iter().map(|(key, _)| key).filter(|key| *key != "pending/~purged").collect();
        demand!(left.is_empty(), "markers are left: {left:?}");
        Ok(())
    }

    /// One appointment for each dose that stands, where it stands, and none besides.
    fn vendor_has_what_stands(&self) -> Result<(), String> {
        if !self.is_vendors() {
            return Ok(());
        }
        let mut named = HashSet::new();
        for (code, booking) in self.ended() {
            for dose in booking.standing() {
                let handle = dose.handle.as_ref().ok_or_else(|| format!("`{code}` names no appointment"))?;
                named.insert(handle.clone());
                if self.meddled(dose) {
                    continue;
                }
                let kept = self.vendor.get(handle).filter(|kept| kept.stands());
                let Some(kept) = kept else {
                    return Err(format!("`{code}` stands, and not at the vendor: {dose:?}"));
                };
                let there = (
                    dose.number,
                    kept.place.practitioner.as_str().to_owned(),
                    kept.place.time.start().timestamp_millis(),
                );
                demand!(
                    dose.at() == Some(there.clone()),
                    "`{code}`: {dose:?} stands at the vendor at {there:?}"
                );
                let reference = kept.reference.as_ref().map(|reference| reference.0.as_ref());
                demand!(dose.reference.as_deref() == reference, "`{code}`: {dose:?} carries {reference:?}");
            }
        }
        // What staff have moved is not where anybody would search for it.
        let stray = self.vendor.iter().find(|(handle, kept)| {
            kept.stands() && kept.patient.is_some() && !kept.meddled && !named.contains(*handle)
        });
        demand!(stray.is_none(), "the vendor has an appointment of ours that is nobody's: {stray:?}");
        Ok(())
    }

    /// While one of ours may stand at the vendor, no other is sent there: an undone booking keeps its entries
    /// until it is certain. Of those that stay where they were made; a second try of one booking is its own.
    fn vendor_was_never_asked_twice_for_a_place(&self) -> Result<(), String> {
        let ours: Vec<&Kept> = self
            .vendor
            .values()
            .filter(|kept| kept.patient.is_some() && !kept.meddled && !kept.moved && !self.landed_late(kept))
            .collect();
        for kept in &ours {
            let rivals = ours.iter().filter(|other| {
                other.patient != kept.patient
                    && other.place.practitioner == kept.place.practitioner
                    && other.place.buffered.overlaps(&kept.place.buffered)
                    && other.made <= kept.made
                    && other.gone.is_none_or(|gone| gone > kept.made)
            });
            let (joined, others): (Vec<&Kept>, Vec<&Kept>) = rivals.copied().partition(|other| {
                other.service == kept.service && other.place.time.start() == kept.place.time.start()
            });
            let capacity = self.cluster.calendar.clinic.capacity(&kept.service) as usize;
            let fits = others.is_empty() && joined.len() < capacity;
            demand!(fits, "the vendor had {kept:?} beside {joined:?} and {others:?}");
        }
        Ok(())
    }

    /// Whether an appointment was made when nobody was making one: by a write that came long after its executor had
    /// tried again, or was taken over. No hold could wait for that; it is looked for an hour later.
    fn landed_late(&self, kept: &Kept) -> bool {
        let errand =
            kept.patient.as_deref().and_then(|patient| patient.strip_prefix("errand-")?.parse().ok());
        !self.lives.values().any(|life| {
            let then = life.iter().rev().find(|(at, _)| *at <= kept.made);
            then.is_some_and(|(_, booking)| {
                self.errand(booking) == errand && ["pending", "undoing"].contains(&booking.state.as_str())
            })
        })
    }

    fn everything_told_is_true(&self) -> Result<(), String> {
        for told in &self.journal {
            match &told.reply {
                Reply::Booked { code, stands } => self.booked(told, code, stands)?,
                Reply::Cancelled { code, doses } => self.cancelled(told, code, doses)?,
                Reply::Moved { code, stands } => self.moved(told, code, stands)?,
                Reply::AlreadyBooked { code } => {
                    self.was(told, code, "confirmed", |booking| booking.state == "confirmed")?;
                }
                Reply::AlreadyCancelled { code } => {
                    self.was(told, code, "cancelled", |booking| {
                        let gone = |dose: &Dose| !dose.stands() || self.gone_at_vendor(dose, told.answered);
                        booking.state == "cancelled" || booking.doses.iter().any(gone)
                    })?;
                }
                Reply::SlotTaken | Reply::Refused if told.wish != Wanted::Booking => {
                    self.not_moved(told)?;
                }
                Reply::SlotTaken | Reply::Refused | Reply::TooManyBookings => {
                    self.not_booked(told)?;
                }
                Reply::InProgress | Reply::NotFound | Reply::Fault(_) | Reply::None => {}
            }
        }
        Ok(())
    }

    fn life(&self, code: &str) -> Result<&Life, String> {
        self.lives.get(code).ok_or_else(|| format!("`{code}` was told and never written"))
    }

    /// Some version before the reply says so.
    fn was(
        &self,
        told: &Told,
        code: &str,
        what: &str,
        says: impl Fn(&Booking) -> bool,
    ) -> Result<(), String> {
        let life = self.life(code)?;
        let was = life.iter().any(|(at, booking)| *at <= told.answered && says(booking));
        demand!(
            was,
            "at {:?} errand {} was told that `{code}` is {what}: it was not",
            told.answered,
            told.errand
        );
        Ok(())
    }

    /// What patients asked to do to a booking after it was made.
    fn changes<'b>(&'b self, code: &'b str) -> impl Iterator<Item = &'b Told> {
        self.journal.iter().filter(move |told| match &told.wish {
            Wanted::Booking => false,
            Wanted::Cancellation { code: of, .. } | Wanted::Move { code: of, .. } => of == code,
        })
    }

    fn booked(&self, told: &Told, code: &str, stands: &[Stands]) -> Result<(), String> {
        self.was(told, code, &format!("booked at {stands:?}"), |booking| booking.stands() == stands)?;
        let (_, ended) = self.life(code)?.last().ok_or("no version")?;
        for dose in stands {
            let number = dose.0;
            let changed = self.changes(code).any(|told| match &told.wish {
                Wanted::Booking => false,
                Wanted::Cancellation { doses, .. } => doses.contains(&number),
                Wanted::Move { starts, .. } => starts.iter().any(|(of, _)| *of == number),
            });
            let meddled = ended.doses.iter().any(|of| of.number == number && self.meddled(of));
            demand!(
                changed || meddled || ended.stands().contains(dose),
                "errand {} was told `{code}` stands at {dose:?}: in the end it does not",
                told.errand
            );
        }
        Ok(())
    }

    fn cancelled(&self, told: &Told, code: &str, doses: &[u8]) -> Result<(), String> {
        let gone = |booking: &Booking| !booking.standing().any(|dose| doses.contains(&dose.number));
        self.was(told, code, "cancelled", gone)?;
        let (_, ended) = self.life(code)?.last().ok_or("no version")?;
        demand!(gone(ended), "errand {} was told `{code}` is cancelled, and it stands", told.errand);
        Ok(())
    }

    fn moved(&self, told: &Told, code: &str, stands: &[Stands]) -> Result<(), String> {
        self.was(told, code, &format!("moved to {stands:?}"), |booking| booking.stands() == stands)?;
        if self.changes(code).count() > 1 {
            return Ok(());
        }
        let (_, ended) = self.life(code)?.last().ok_or("no version")?;
        let meddled = ended.doses.iter().any(|dose| self.meddled(dose));
        demand!(
            meddled || ended.stands() == stands,
            "errand {} was told `{code}` moved, and it did not",
            told.errand
        );
        Ok(())
    }

    fn not_moved(&self, told: &Told) -> Result<(), String> {
        let Wanted::Move { code, starts } = &told.wish else { return Ok(()) };
        if self.changes(code).count() > 1 {
            return Ok(());
        }
        let life = self.life(code)?;
        let (_, ended) = life.last().ok_or("no version")?;
        let before = life.iter().rfind(|(at, _)| *at <= told.asked).map(|(_, booking)| booking.stands());
        let moved = ended.standing().any(|dose| {
            !self.meddled(dose)
                && !dose.at().is_some_and(|at| before.iter().flatten().any(|before| *before == at))
                && dose.at().is_some_and(|at| {
                    starts.iter().any(|(of, start)| *of == at.0 && start.timestamp_millis() == at.2)
                })
        });
        demand!(!moved, "errand {} was told `{code}` did not move, and it did", told.errand);
        Ok(())
    }

    /// One of the request's attempts was undone by then, and not confirmed again before this call came.
    fn not_booked(&self, told: &Told) -> Result<(), String> {
        let own = self
            .lives
            .values()
            .filter(|life| life.last().is_some_and(|(_, booking)| self.errand(booking) == Some(told.errand)));
        let mut undone_lives = own.filter(|life| {
            let then: Vec<&(Duration, Booking)> =
                life.iter().filter(|(at, _)| *at <= told.answered).collect();
            let undone = then.iter().rposition(|(_, booking)| booking.state == "undone");
            undone.is_some_and(|undone| {
                then[undone..].iter().all(|(at, booking)| booking.state != "confirmed" || *at >= told.asked)
            })
        });
        demand!(
            undone_lives.next().is_some(),
            "errand {} was told {:?} at {:?}, and no attempt was undone",
            told.errand,
            told.reply,
            told.answered
        );
        Ok(())
    }
}
