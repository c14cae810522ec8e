//! What a browser is shown where the process was started by hand: the page to chat with the clinic, out of the folder
//! that `PLAYER_DIR` names, else the functions as a table.
//!
//! A newcomer would look for the checking of paths. It is warp's: no `..` gets through, and what is not in the folder is
//! answered as if there were no folder. Links in it are followed, so whoever may write there decides what is shown. The
//! policies are as strict as the page can bear, because the scenarios that it plays are other people's.
//!
//! The chat of the page is Microsoft's Web Chat, which makes its style elements itself. They are let in by a nonce: a new
//! one each time that `index.html` is served, in its policy and in its text. So that page alone is never cached.

use std::{
    convert::Infallible,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use warp::{
    Filter, Rejection, Reply,
    filters::BoxedFilter,
    fs::File,
    http::{HeaderName, HeaderValue, header},
    path::FullPath,
    reject,
    reply::Response,
};

use super::{App, Endpoint, ROUTES, Route, UseCase, routes};

/// What is shown at `/`.
#[derive(Debug, Clone)]
pub enum Page {
    /// The functions, as a table.
    Functions,
    /// What is in this folder, as it is when it is asked for.
    Player(PathBuf),
}

impl Page {
    /// The page, and all functions.
    #[must_use]
    pub fn routes(self, app: App) -> impl Filter<Extract = (impl Reply,), Error = Infallible> + Clone {
        let page: BoxedFilter<(Response,)> = match self {
            Self::Functions => functions().boxed(),
            Self::Player(folder) => player(folder).boxed(),
        };
        page.or(routes(app))
    }
}

fn functions() -> impl Filter<Extract = (Response,), Error = Rejection> + Clone {
    let asked = warp::path::end().and(warp::get().or(warp::head()).unify());
    asked.map(|| guarded(warp::reply::html(TABLE.html.as_str()), &TABLE.policy))
}

fn player(folder: PathBuf) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone {
    let (index, sandbox) = (folder.join("index.html"), folder.join("sandbox.js"));
    of_no_function().and(warp::fs::dir(folder)).and_then(move |file: File| {
        let response = if file.path() == index {
            with_nonce(&index)
        } else {
            let policy = if file.path() == sandbox { SANDBOX } else { &PLAYER };
            Ok(guarded(file, policy))
        };
        async { response }
    })
}

/// The page with a nonce of its own, whole and as it is now, whatever the browser has of it already.
fn with_nonce(index: &Path) -> Result<Response, Rejection> {
    let html = std::fs::read_to_string(index).map_err(|_| reject::not_found())?;
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|_| reject::not_found())?;
    let nonce = BASE64_STANDARD.encode(random);
    let page = warp::reply::html(html.replace("{nonce}", &nonce));
    let mut response =
        guarded(page, &policy(&format!("'self' 'nonce-{nonce}' {EMPTY}; {ALIGNED}"), "'self' data: blob:"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// No file stands in for a function, nor beside one.
fn of_no_function() -> impl Filter<Extract = (), Error = Rejection> + Clone {
    fn top(path: &str) -> Option<&str> {
        path.split('/').nth(1)
    }
    let asked = warp::path::full().and_then(|path: FullPath| async move {
        let function = |route: &&Route| route.endpoint != Endpoint::Ready;
        let taken = ROUTES.iter().filter(function).any(|route| top(route.path) == top(path.as_str()));
        if taken { Err(reject::not_found()) } else { Ok(()) }
    });
    asked.untuple_one()
}

// --- headers

/// Of a worker, in which code of scenarios runs: it compiles that code, and reaches nothing. A worker goes by the policy of
/// its own file, not by that of its page.
const SANDBOX: &str = "default-src 'none'; script-src 'unsafe-eval'; sandbox allow-scripts";

static PLAYER: LazyLock<String> = LazyLock::new(|| policy("'self'", "'self' data:"));

/// The hash of nothing: parts of Web Chat make style elements without the nonce, and fill them rule by rule, which no
/// policy forbids.
const EMPTY: &str = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";

/// The hashes of `text-align:left`, `center` and `right`: how Markdown aligns the cells of a table. Web Chat takes them away,
/// and a browser complains of them before that.
const ALIGNED: &str = "style-src-attr 'unsafe-hashes' 'sha256-De7agAeYqm6ANIVvRRW6HFWi52AJW8inhFE0gSdgXnI=' \
     'sha256-kFAIUwypIt04FgLyVU63Lcmp2AQimPh/TdYjy04Flxs=' 'sha256-XzJlZKVo+ff9ozww9Sr2p/2TbJXITZuaWMZ9p53zN1U='";

/// Of a page whose styles and images are from here.
fn policy(style: &str, images: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src {style}; img-src {images}; font-src 'self'; \
         connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

fn guarded(reply: impl Reply, policy: &str) -> Response {
    let mut response = reply.into_response();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::CACHE_CONTROL, "no-cache"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

// --- the table of the functions

struct Table {
    html: String,
    policy: String,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let template = include_str!("page.html");
    let rows: String = ROUTES.iter().filter_map(row).collect();
    let html = template.replace("{version}", env!("CARGO_PKG_VERSION")).replace("{rows}", &rows);
    let style = html.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>"));
    let hash = Sha256::digest(style.map_or("", |(style, _)| style));
    let policy = policy(&format!("'sha256-{}'", BASE64_STANDARD.encode(hash)), "data:");
    Table { html, policy }
});

fn row(route: &Route) -> Option<String> {
    let (asks, answers) = words(route.endpoint)?;
    // Where a phone may break the line.
    let (method, path) = (route.methods.first()?, route.path.replace("/api/", "/api/<wbr>"));
    Some(format!(
        "<tr><th scope=\"row\"><code>{method} {path}</code></th><td>{asks}</td><td>{answers}</td></tr>\n"
    ))
}

/// What a function asks, and what it answers. As HTML.
fn words(endpoint: Endpoint) -> Option<(&'static str, &'static str)> {
    let words = match endpoint {
        Endpoint::Ready => return None,
        Endpoint::Use(function) => match function {
            UseCase::GetLocations => (
                "a position or postal code to be near to, or nothing",
                "sites, nearest first, with what they offer",
            ),
            UseCase::GetSlots => (
                "a site, a service, and dates or <code>tomorrow</code>, <code>nextWeek</code>, …",
                "free slots; the nearest others when there are none",
            ),
            UseCase::Book => (
                "one slot per dose, and the patient",
                "that it is booked, with a confirmation code; or why not, and what else there is",
            ),
            UseCase::GetAppointment => ("a confirmation code and a contact", "what is booked"),
            UseCase::Cancel => ("a confirmation code and a contact", "that it is cancelled"),
            UseCase::Reschedule => (
                "a confirmation code, a contact, and other slots",
                "that it is moved; or why it stays as it was",
            ),
            UseCase::Reconcile => (
                "nothing: it is for the host's timer, and runs by itself without a host",
                "how many bookings that were left unfinished it settled",
            ),
        },
        Endpoint::Check => ("nothing", "what is set up wrongly, and what to do about it"),
        Endpoint::Health => ("nothing", "that the process answers"),
        Endpoint::OpenapiJson => ("nothing", "the whole contract, as JSON"),
        Endpoint::OpenapiYaml => ("nothing", "the whole contract, as YAML"),
    };
    Some(words)
}
