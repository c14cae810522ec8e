//! Where a piece of work belongs in a trace, as [W3C Trace Context](https://www.w3.org/TR/trace-context-2/) has it:
//! the caller's trace goes on through us to the vendors, whether anybody exports it or not.
//!
//! A newcomer would ask the `tracing` span. `LOG` chooses what is logged, and a trace must not end where somebody
//! wants fewer lines: so it travels with the task. What is spawned has to be `carried`.
//!
//! There is no `baggage`, neither read nor sent: it is where callers put what they know of a patient.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use warp::http::HeaderMap;

use crate::domain::ProviderName;

/// The caller may have recorded its part.
pub(super) const SAMPLED: u8 = 0x01;

/// The trace id is random enough to choose by.
const RANDOM: u8 = 0x02;

/// Flags nobody has given a meaning yet are not passed on.
/// <https://www.w3.org/TR/trace-context-2/#other-flags>
const KNOWN: u8 = SAMPLED | RANDOM;

/// The longest `tracestate`, in bytes; at least 512 have to be passed on.
/// <https://www.w3.org/TR/trace-context-2/#tracestate-limits>
const LONGEST_STATE: usize = 4096;

/// Vendors in a `tracestate`.
const MOST_STATES: usize = 32;

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// A place in a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Neither of them is zero.
    pub(super) trace: u128,
    pub(super) span: u64,
    pub(super) flags: u8,
    /// What vendors on the way have noted, as it came.
    pub(super) state: Option<Arc<str>>,
}

impl Context {
    /// The place that a caller names. `None`: it names none, or not in the words of the standard.
    #[must_use]
    pub fn of_caller(headers: &HeaderMap) -> Option<Self> {
        let mut written = headers.get_all(TRACEPARENT).iter();
        // Of two, nobody knows which is meant.
        let (Some(parent), None) = (written.next(), written.next()) else { return None };
        let states = headers.get_all(TRACESTATE).iter().map(|value| value.to_str().ok());
        let state = states.collect::<Option<Vec<&str>>>().map(|states| states.join(","));
        let parent = Self::parse(parent.to_str().ok()?)?;
        Some(Self { state: state.filter(|state| is_state(state)).map(Arc::from), ..parent })
    }

    /// Reads a `traceparent`: `version-trace-span-flags`. Of later versions, what this one has.
    fn parse(text: &str) -> Option<Self> {
        let later = text.get(..2)? != "00";
        let (known, rest) = text.split_at_checked(55)?;
        if text.starts_with("ff") || !(rest.is_empty() || later && rest.starts_with('-')) {
            return None;
        }
        let mut parts = known.split('-');
        let mut part = |length: usize| parts.next().filter(|part| part.len() == length && is_hex(part));
        let (_version, trace, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        let trace = u128::from_str_radix(trace, 16).ok().filter(|trace| *trace != 0)?;
        let span = u64::from_str_radix(span, 16).ok().filter(|span| *span != 0)?;
        let flags = u8::from_str_radix(flags, 16).ok()? & KNOWN;
        Some(Self { trace, span, flags, state: None })
    }

    /// The first place of a new trace.
    #[must_use]
    pub(super) fn begun() -> Self {
        Self { trace: random().max(1), span: span_id(), flags: RANDOM, state: None }
    }

    /// Another place in the same trace.
    #[must_use]
    pub(super) fn next(&self) -> Self {
        Self { span: span_id(), ..self.clone() }
    }

    /// The trace's id, as it is written everywhere.
    #[must_use]
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }

    /// The headers that tell somebody else of this place.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        let state = self.state.as_ref().map(|state| (TRACESTATE, state.to_string()));
        [(TRACEPARENT, self.to_string())].into_iter().chain(state)
    }
}

/// As a `traceparent`.
impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags)
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// A list of `key=value`; blanks around a member and empty members are allowed.
/// <https://www.w3.org/TR/trace-context-2/#tracestate-header-field-values>
fn is_state(text: &str) -> bool {
    let members: Vec<&str> =
        text.split(',').map(|member| member.trim_matches([' ', '\t'])).filter(|m| !m.is_empty()).collect();
    let key = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'*' | b'/' | b'@')
    };
    let value = |byte: u8| (0x20..=0x7e).contains(&byte) && byte != b'=' && byte != b',';
    (1..=MOST_STATES).contains(&members.len())
        && text.len() <= LONGEST_STATE
        && members.iter().all(|member| {
            member.split_once('=').is_some_and(|(name, noted)| {
                (1..=256).contains(&name.len())
                    && name.bytes().all(key)
                    && (1..=256).contains(&noted.len())
                    && noted.bytes().all(value)
            })
        })
}

fn span_id() -> u64 {
    // The lower half of something random is as random.
    #[expect(clippy::cast_possible_truncation, reason = "the other half is not needed")]
    let id = random() as u64;
    id.max(1)
}

fn random() -> u128 {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    u128::from_ne_bytes(bytes)
}

/// What a task works on.
#[derive(Debug, Clone)]
pub struct Current {
    pub(super) context: Context,
    provider: Arc<Known>,
}

tokio::task_local! {
    static CURRENT: Current;
}

impl Current {
    pub(super) fn new(context: Context) -> Self {
        Self { context, provider: Arc::default() }
    }

    /// Of the task that asks.
    pub(super) fn get() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Whose calendar the work was about; `None`: nobody's, or several.
    #[must_use]
    pub fn provider(&self) -> Option<ProviderName> {
        self.provider.get()
    }

    /// Does a piece of work here.
    pub async fn within<T>(self, work: impl Future<Output = T>) -> T {
        CURRENT.scope(self, work).await
    }
}

/// A piece of work that is to be spawned, and belongs to what this task works on.
pub(crate) fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let current = Current::get();
    async move {
        match current {
            Some(current) => current.within(work).await,
            None => work.await,
        }
    }
}

/// Notes whose calendar this task's work is about.
pub(crate) fn note_provider(name: ProviderName) {
    let _ = CURRENT.try_with(|current| current.provider.note(name));
}

/// The provider that was noted, if it is one.
pub(crate) fn noted_provider() -> Option<ProviderName> {
    Current::get()?.provider()
}

/// One provider, or none, or several.
#[derive(Debug, Default)]
struct Known(AtomicU8);

impl Known {
    const SEVERAL: u8 = u8::MAX;

    fn note(&self, name: ProviderName) {
        let position = ProviderName::ALL.iter().position(|known| *known == name).unwrap_or_default();
        let mark = u8::try_from(position + 1).unwrap_or(Self::SEVERAL);
        let noted = self.0.compare_exchange(0, mark, Ordering::Relaxed, Ordering::Relaxed);
        if noted.is_err_and(|before| before != mark) {
            self.0.store(Self::SEVERAL, Ordering::Relaxed);
        }
    }

    fn get(&self) -> Option<ProviderName> {
        let mark = usize::from(self.0.load(Ordering::Relaxed));
        ProviderName::ALL.get(mark.wrapping_sub(1)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn of(headers: &[(&'static str, &str)]) -> Option<Context> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().expect("a header"));
        }
        Context::of_caller(&map)
    }

    #[test]
    fn a_trace_goes_on_in_a_place_of_its_own() {
        let caller = of(&[("traceparent", PARENT)]).expect("a context");
        let ours = caller.next();
        assert_eq!(ours.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        let written = ours.to_string();
        assert_eq!((&written[..36], &written[52..]), (&PARENT[..36], "-01"));
        assert_ne!(ours.span, caller.span);
        assert_eq!(of(&[("traceparent", &written)]), Some(ours), "it is read as it was written");
    }

    #[test]
    fn what_is_not_in_the_words_of_the_standard_is_ignored() {
        let long = format!("{PARENT}-00");
        for wrong in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1x",
            "00-0af7651916cd43dd8448eb211c8031-9c-b7ad6b716920333-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.what",
            long.as_str(),
        ] {
            assert_eq!(of(&[("traceparent", wrong)]), None, "`{wrong}`");
        }
        assert_eq!(of(&[("traceparent", PARENT), ("traceparent", PARENT)]), None, "two of them");
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn of_a_later_version_is_read_what_this_one_knows() {
        for (written, flags) in [
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-brings", 1),
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-02", 2),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff", 3),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", 0),
        ] {
            let read = of(&[("traceparent", written)]).expect(written);
            assert_eq!((read.flags, &read.to_string()[..2]), (flags, "00"), "`{written}`");
        }
    }

    #[test]
    fn the_state_is_passed_on_as_it_came_if_it_is_one() {
        let state = |states: &[&str]| {
            let mut headers = vec![("traceparent", PARENT)];
            headers.extend(states.iter().map(|state| ("tracestate", *state)));
            let read = of(&headers).expect("a context").next();
            read.headers().find(|(name, _)| *name == "tracestate").map(|(_, value)| value)
        };
        let many: Vec<String> = (0..33).map(|number| format!("v{number}=1")).collect();
        assert_eq!(state(&["rojo=00f067aa0ba902b7"]).as_deref(), Some("rojo=00f067aa0ba902b7"));
        assert_eq!(state(&["a=1 , b@x=2"]).as_deref(), Some("a=1 , b@x=2"));
        assert_eq!(state(&["a=1", "b=2"]).as_deref(), Some("a=1,b=2"), "two headers are one list");
        assert_eq!(state(&[&many[..32].join(",")]), Some(many[..32].join(",")));
        for wrong in ["", "a", "A=1", "a=1=2", "=1", "a=", &many.join(","), &format!("a={}", "x".repeat(257))]
        {
            assert_eq!(state(&[wrong]), None, "`{wrong}`");
        }
        assert_eq!(of(&[("tracestate", "a=1")]), None, "a state without a trace is none");
    }

    #[test]
    fn a_trace_that_begins_here_is_valid_and_never_the_same() {
        let (one, other) = (Context::begun(), Context::begun());
        assert_ne!(one.trace, other.trace);
        assert_eq!(of(&[("traceparent", &one.to_string())]), Some(one));
    }

    #[tokio::test]
    async fn what_is_spawned_is_carried_and_notes_its_provider() {
        let current = Current::new(Context::begun());
        let (begun, seen) = (current.context.clone(), current.clone());
        let inner = async {
            assert!(tokio::spawn(async { Current::get().is_none() }).await.expect("no panic"));
            let there = tokio::spawn(carried(async {
                note_provider(ProviderName::Bookings);
                Current::get().map(|current| current.context)
            }));
            assert_eq!(there.await.expect("no panic"), Some(begun));
        };
        current.within(inner).await;
        assert_eq!(seen.provider(), Some(ProviderName::Bookings));
        let both = async {
            note_provider(ProviderName::Bookings);
            note_provider(ProviderName::Embedded);
            note_provider(ProviderName::Bookings);
        };
        seen.clone().within(both).await;
        assert_eq!(seen.provider(), None, "several are none");
    }
}
