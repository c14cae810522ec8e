//! Where telemetry is exported to, by the standard settings of `OpenTelemetry`:
//! <https://opentelemetry.io/docs/specs/otel/protocol/exporter/> and
//! <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>.
//!
//! Nothing is exported unless an endpoint is named. What a setting asks for and is not there is refused, instead of
//! exporting in another way than somebody meant.

use std::time::Duration;

use opentelemetry_sdk::trace::Sampler;
use percent_encoding::percent_decode_str;
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::SecretString;
use url::Url;

use super::{Problem, settings::problem};

/// How long a collector may take, unless the setting says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What is exported, and where.
#[derive(Debug, Clone)]
pub struct Export {
    pub traces: Option<Signal>,
    pub metrics: Option<Signal>,
    /// `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`.
    pub sampler: Sampler,
    /// `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME`, and the function app's name in Azure.
    pub resource: Vec<(String, String)>,
}

/// How one kind of telemetry is exported.
#[derive(Debug, Clone)]
pub struct Signal {
    /// `OTEL_EXPORTER_OTLP_ENDPOINT` with the signal's path, or that of the signal as it is.
    pub endpoint: Url,
    /// `OTEL_EXPORTER_OTLP_HEADERS`: there are keys among them. Values as written, percent-encoded.
    pub headers: Vec<(String, SecretString)>,
    /// `OTEL_EXPORTER_OTLP_TIMEOUT`.
    pub timeout: Duration,
    /// `OTEL_EXPORTER_OTLP_COMPRESSION`.
    pub gzip: bool,
}

/// The sampler that the standard names where none is set.
impl Default for Export {
    fn default() -> Self {
        let sampler = Sampler::ParentBased(Box::new(Sampler::AlwaysOn));
        Self { traces: None, metrics: None, sampler, resource: Vec::new() }
    }
}

/// A kind of telemetry, in the names of settings and in addresses.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    path: &'static str,
}

const TRACES: Kind = Kind { name: "TRACES", path: "v1/traces" };
const METRICS: Kind = Kind { name: "METRICS", path: "v1/metrics" };

/// What only the exporters of other languages or other protocols do.
const UNSUPPORTED: [&str; 3] = ["CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY"];

impl Export {
    /// Reads the settings, with a function that knows them.
    pub(super) fn read(get: impl Fn(&str) -> Option<String>, problems: &mut Vec<Problem>) -> Self {
        let disabled = get("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if disabled {
            return Self::default();
        }
        let mut reading = Reading { get: &get, problems };
        let (traces, metrics) = (reading.signal(TRACES), reading.signal(METRICS));
        if traces.is_none() && metrics.is_none() {
            return Self::default();
        }
        let sampler = reading.sampler().unwrap_or_else(|| Self::default().sampler);
        Self { traces, metrics, sampler, resource: reading.resource() }
    }
}

/// Reading, with what was found wrong so far.
struct Reading<'a, G> {
    get: &'a G,
    problems: &'a mut Vec<Problem>,
}

impl<G: Fn(&str) -> Option<String>> Reading<'_, G> {
    /// `None`: it is not asked for, or something is wrong with it.
    fn signal(&mut self, kind: Kind) -> Option<Signal> {
        let Kind { name, path } = kind;
        let exporter = format!("OTEL_{name}_EXPORTER");
        match (self.get)(&exporter).as_deref() {
            None | Some("otlp") => {}
            Some("none") => return None,
            Some(_) => {
                self.refuse(&exporter, "must be `otlp` or `none`: nothing else is exported to");
                return None;
            }
        }
        let (setting, endpoint) = self.of(kind, "ENDPOINT")?;
        let general = setting == "OTEL_EXPORTER_OTLP_ENDPOINT";
        if let Some((setting, protocol)) =
            self.of(kind, "PROTOCOL").filter(|(_, told)| told != "http/protobuf")
        {
            let remedy = "set `http/protobuf`, at the collector's port for that, which mostly is 4318";
            let spoken = if protocol == "grpc" { "gRPC is" } else { "this protocol is" };
            self.refuse(&setting, format!("{spoken} not spoken here: {remedy}"));
        }
        for unsupported in UNSUPPORTED {
            if let Some((setting, _)) = self.of(kind, unsupported) {
                self.refuse(&setting, "is not supported: the certificates that the system trusts are used");
            }
        }
        let gzip = match self.of(kind, "COMPRESSION") {
            None => false,
            Some((_, told)) if told == "none" => false,
            Some((_, told)) if told == "gzip" => true,
            Some((setting, _)) => {
                self.refuse(&setting, "must be `gzip` or `none`");
                false
            }
        };
        let timeout = self.of(kind, "TIMEOUT").map_or(Some(TIMEOUT), |(setting, told)| {
            let millis = told.parse().ok().filter(|millis| (1..=600_000).contains(millis));
            if millis.is_none() {
                self.refuse(&setting, "must be a number of milliseconds, from 1 to 600000");
            }
            millis.map(Duration::from_millis)
        });
        let headers = self.of(kind, "HEADERS").map_or(Some(Vec::new()), |(setting, told)| {
            let headers = headers(&told);
            if headers.is_none() {
                let remedy = "must be headers as `name=value`, separated by commas, values percent-encoded";
                self.refuse(&setting, remedy);
            }
            headers
        });
        let endpoint = Url::parse(&endpoint).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let endpoint = endpoint.filter(|url| url.username().is_empty() && url.password().is_none());
        let Some(mut endpoint) = endpoint else {
            let remedy = "must be an `http://` or `https://` address without a password in it; keys go into \
                          `OTEL_EXPORTER_OTLP_HEADERS`";
            self.refuse(&setting, remedy);
            return None;
        };
        if general {
            let below = format!("{}/{path}", endpoint.path().trim_end_matches('/'));
            endpoint.set_path(&below);
        }
        Some(Signal { endpoint, headers: headers?, timeout: timeout?, gzip })
    }

    /// A setting of one kind of telemetry, else of all, and which it was.
    fn of(&self, kind: Kind, what: &str) -> Option<(String, String)> {
        let own = format!("OTEL_EXPORTER_OTLP_{}_{what}", kind.name);
        let general = format!("OTEL_EXPORTER_OTLP_{what}");
        [own, general].into_iter().find_map(|name| (self.get)(&name).map(|value| (name, value)))
    }

    fn sampler(&mut self) -> Option<Sampler> {
        let name = (self.get)("OTEL_TRACES_SAMPLER")?;
        let (parents, root) = match name.strip_prefix("parentbased_") {
            Some(root) => (true, root),
            None => (false, name.as_str()),
        };
        let root = match root {
            "always_on" => Sampler::AlwaysOn,
            "always_off" => Sampler::AlwaysOff,
            "traceidratio" => Sampler::TraceIdRatioBased(self.ratio()?),
            _ => {
                let remedy = "must be `always_on`, `always_off` or `traceidratio`, or one of these behind \
                              `parentbased_`";
                self.refuse("OTEL_TRACES_SAMPLER", remedy);
                return None;
            }
        };
        Some(if parents { Sampler::ParentBased(Box::new(root)) } else { root })
    }

    fn ratio(&mut self) -> Option<f64> {
        let Some(told) = (self.get)("OTEL_TRACES_SAMPLER_ARG") else { return Some(1.0) };
        let ratio = told.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
        if ratio.is_none() {
            self.refuse("OTEL_TRACES_SAMPLER_ARG", "must be a number from 0 to 1: how many of the traces");
        }
        ratio
    }

    fn resource(&mut self) -> Vec<(String, String)> {
        let mut resource: Vec<(String, String)> = Vec::new();
        resource.extend((self.get)("WEBSITE_SITE_NAME").map(|name| ("faas.name".to_owned(), name)));
        if let Some(told) = (self.get)("OTEL_RESOURCE_ATTRIBUTES") {
            match pairs(&told) {
                Some(pairs) => resource.extend(pairs),
                None => self.refuse(
                    "OTEL_RESOURCE_ATTRIBUTES",
                    "must be attributes as `name=value`, separated by commas, values percent-encoded",
                ),
            }
        }
        resource.extend((self.get)("OTEL_SERVICE_NAME").map(|name| ("service.name".to_owned(), name)));
        resource
    }

    /// The general setting may be wrong for both kinds; that is one problem.
    fn refuse(&mut self, setting: &str, detail: impl Into<String>) {
        if !self.problems.iter().any(|earlier| earlier.key == setting) {
            self.problems.push(problem(setting, detail));
        }
    }
}

/// `name=value,name=value`, decoded.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let members = text.split(',').map(str::trim).filter(|member| !member.is_empty());
    let pair = |member: &str| {
        let (name, value) = member.split_once('=')?;
        let decode = |text: &str| Some(percent_decode_str(text.trim()).decode_utf8().ok()?.into_owned());
        Some((decode(name).filter(|name| !name.is_empty())?, decode(value)?))
    };
    members.map(pair).collect()
}

/// The same as headers; their values stay encoded, as the exporter wants them.
fn headers(text: &str) -> Option<Vec<(String, SecretString)>> {
    let decoded = pairs(text)?;
    let good = decoded
        .iter()
        .all(|(name, value)| name.parse::<HeaderName>().is_ok() && value.parse::<HeaderValue>().is_ok());
    let members = text.split(',').filter_map(|member| member.trim().split_once('='));
    let written = members.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned().into()));
    good.then(|| written.collect())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn read(settings: &[(&str, &str)]) -> (Export, Vec<String>) {
        let mut problems = Vec::new();
        let get = |name: &str| {
            let found = settings.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let export = Export::read(get, &mut problems);
        (export, problems.iter().map(|problem| format!("{} {}", problem.key, problem.detail)).collect())
    }

    fn endpoints(export: &Export) -> (Option<&str>, Option<&str>) {
        let of = |signal: &'static str| {
            let signal = if signal == "traces" { &export.traces } else { &export.metrics };
            signal.as_ref().map(|signal| signal.endpoint.as_str())
        };
        (of("traces"), of("metrics"))
    }

    const HERE: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");

    #[test]
    fn nothing_is_exported_unless_an_endpoint_is_named() {
        for off in [
            vec![("OTEL_SERVICE_NAME", "x"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
            vec![HERE, ("OTEL_SDK_DISABLED", "True")],
            vec![HERE, ("OTEL_TRACES_EXPORTER", "none"), ("OTEL_METRICS_EXPORTER", "none")],
        ] {
            let (export, problems) = read(&off);
            assert_eq!((endpoints(&export), problems), ((None, None), Vec::new()), "{off:?}");
        }
    }

    #[test]
    fn a_general_endpoint_is_for_both_and_gets_their_paths() {
        let (export, problems) = read(&[HERE]);
        assert!(problems.is_empty(), "{problems:?}");
        let expected = (Some("http://127.0.0.1:4318/v1/traces"), Some("http://127.0.0.1:4318/v1/metrics"));
        assert_eq!(endpoints(&export), expected);
        let (export, _) = read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.example/otlp/")]);
        assert_eq!(endpoints(&export).0, Some("https://collector.example/otlp/v1/traces"));
        let (export, _) = read(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://collector.example/in")]);
        assert_eq!(
            endpoints(&export),
            (Some("https://collector.example/in"), None),
            "its own is taken as it is"
        );
    }

    #[test]
    fn a_signals_own_setting_goes_before_the_general_one() {
        let (export, problems) = read(&[
            HERE,
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s3cret%20of,x=1"),
            ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "y=2"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500"),
            ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ]);
        assert!(problems.is_empty(), "{problems:?}");
        let (traces, metrics) =
            (export.traces.clone().expect("traces"), export.metrics.clone().expect("metrics"));
        let headers = |signal: &Signal| -> Vec<String> {
            signal.headers.iter().map(|(name, value)| format!("{name}={}", value.expose_secret())).collect()
        };
        assert_eq!(headers(&traces), ["api-key=s3cret%20of", "x=1"]);
        assert_eq!(headers(&metrics), ["y=2"]);
        assert_eq!((traces.gzip, metrics.gzip), (true, false));
        assert_eq!(traces.timeout, Duration::from_millis(2500));
        assert!(!format!("{export:?}").contains("s3cret"), "keys do not print");
    }

    #[test]
    fn what_is_not_done_here_is_refused_in_so_many_words() {
        for (setting, value, refusal) in [
            (
                "OTEL_EXPORTER_OTLP_PROTOCOL",
                "grpc",
                "gRPC is not spoken here: set `http/protobuf`, at the collector's port for that, which mostly is 4318",
            ),
            (
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
                "http/json",
                "this protocol is not spoken here: set `http/protobuf`, at the collector's port for that, which \
                 mostly is 4318",
            ),
            (
                "OTEL_EXPORTER_OTLP_CERTIFICATE",
                "/ca.pem",
                "is not supported: the certificates that the system trusts are used",
            ),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd", "must be `gzip` or `none`"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "must be a number of milliseconds, from 1 to 600000"),
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                "Bearer s3cret",
                "must be headers as `name=value`, separated by commas, values percent-encoded",
            ),
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                "x=a%0Ab",
                "must be headers as `name=value`, separated by commas, values percent-encoded",
            ),
            ("OTEL_TRACES_EXPORTER", "console", "must be `otlp` or `none`: nothing else is exported to"),
            (
                "OTEL_TRACES_SAMPLER",
                "jaeger_remote",
                "must be `always_on`, `always_off` or `traceidratio`, or one of these behind `parentbased_`",
            ),
            (
                "OTEL_RESOURCE_ATTRIBUTES",
                "nothing",
                "must be attributes as `name=value`, separated by commas, values percent-encoded",
            ),
        ] {
            let (_, problems) = read(&[HERE, (setting, value)]);
            assert_eq!(problems, [format!("{setting} {refusal}")], "once, though it is for both");
        }
        let refused = "must be an `http://` or `https://` address without a password in it; keys go into \
                       `OTEL_EXPORTER_OTLP_HEADERS`";
        for wrong in ["collector:4317", "grpc://collector", "https://me:s3cret@collector"] {
            let (export, problems) = read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", wrong)]);
            assert_eq!(problems, [format!("OTEL_EXPORTER_OTLP_ENDPOINT {refused}")]);
            assert_eq!(endpoints(&export), (None, None));
        }
        let (_, problems) =
            read(&[HERE, ("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "2")]);
        assert_eq!(
            problems,
            ["OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1: how many of the traces"]
        );
    }

    #[test]
    fn samplers_are_those_of_the_standard() {
        for (name, printed) in [
            ("always_on", "AlwaysOn"),
            ("always_off", "AlwaysOff"),
            ("traceidratio", "TraceIdRatioBased(0.25)"),
            ("parentbased_always_off", "ParentBased(AlwaysOff)"),
            ("parentbased_traceidratio", "ParentBased(TraceIdRatioBased(0.25))"),
        ] {
            let (export, problems) =
                read(&[HERE, ("OTEL_TRACES_SAMPLER", name), ("OTEL_TRACES_SAMPLER_ARG", "0.25")]);
            assert!(problems.is_empty(), "{problems:?}");
            assert_eq!(format!("{:?}", export.sampler), printed);
        }
        assert_eq!(format!("{:?}", Export::default().sampler), "ParentBased(AlwaysOn)");
    }
}
