//! The contract as `OpenAPI` 3.1, made from the types that requests are read by and replies are written from.
//!
//! Its descriptions are what generative callers go by: they say when to call a function and what to do next,
//! not how it works.

use std::sync::LazyLock;

use bytes::Bytes;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{
        Components, ContentBuilder, Header, HttpMethod, InfoBuilder, License, ObjectBuilder, OpenApi,
        OpenApiBuilder, PathItem, Paths, Ref, RefOr, Required, ResponseBuilder, Schema, Type,
        path::{Operation, OperationBuilder, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use super::{
    book::{BookReply, BookRequestAsked},
    cancel::{CancelReply, CancelRequestAsked},
    check::CheckReply,
    get_appointment::{GetAppointmentReply, GetAppointmentRequest},
    get_locations::{GetLocationsReply, GetLocationsRequest},
    get_slots::{GetSlotsReply, GetSlotsRequest},
    health::HealthReply,
    published,
    reply::{Problem, Unavailable},
    request::LONGEST_REQUEST_ID,
    reschedule::{RescheduleReply, RescheduleRequestAsked},
};

const KEY: &str = "functionKey";
const TOKEN: &str = "entraToken";
const JSON: &str = "application/json";

/// The document as JSON.
#[must_use]
pub fn json() -> Bytes {
    static JSON: LazyLock<Bytes> =
        LazyLock::new(|| serde_json::to_vec_pretty(&*DOCUMENT).unwrap_or_default().into());
    JSON.clone()
}

/// The document as YAML.
#[must_use]
pub fn yaml() -> Bytes {
    static YAML: LazyLock<Bytes> =
        LazyLock::new(|| yaml_serde::to_string(&*DOCUMENT).unwrap_or_default().into());
    YAML.clone()
}

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| published::lenient(serde_json::to_value(document()).unwrap_or_default()));

/// What a function says of itself.
struct Told {
    name: &'static str,
    summary: &'static str,
    description: &'static str,
    /// Writes, so that a repetition has to be known for one.
    idempotency_key: bool,
    /// Something has to be said.
    body: Required,
}

const GET_LOCATIONS: Told = Told {
    name: "get-locations",
    summary: "List the sites a patient can go to, with what they offer",
    description: "Call this first. Give the patient's position or postal code to get the nearest sites first. \
        Each site lists its services: what they ask of the patient (`requires`, `questions`, `consent`), how \
        many doses they have, and whom the patient may choose. `outcome` is `ok`, `noLocations` or \
        `needsInput`. Let the patient pick from `menus.locations`, then call `get-slots` with the site's and \
        the service's id. A site whose `bookBy` lacks `chat` takes no bookings here: give the patient its \
        `bookingPage` or `phone`.",
    idempotency_key: false,
    body: Required::False,
};

const GET_SLOTS: Told = Told {
    name: "get-slots",
    summary: "List free slots of a service at a site",
    description: "Ask for one day (`date`), a span (`from`, `to`) or a phrase (`when`); without any of them, \
        from now on for 14 days. Let the patient pick from `menus.slots`, or from `menus.days` first. The \
        `id` of a slot is opaque: send it unchanged to `book`. For a service with several doses, pick the \
        first slot, then ask again with `dose` 2 and `after` set to that slot's `id`, and so on; only first \
        slots are offered that leave room for the later doses. With `move`, only slots are listed that an \
        existing booking could move to. `noSlots` comes with `alternatives` where there are any.",
    idempotency_key: false,
    body: Required::True,
};

const BOOK: Told = Told {
    name: "book",
    summary: "Book every dose of a service, or nothing",
    description: "Send the slots' ids, one per dose, in order, and what the patient typed about themselves. \
        With `preview` set, nothing is written: show `say` to the patient, and when they agree send the same \
        again without `preview` and with the `requestId` of the preview. The same request never books twice \
        and gets the same answer. `needsInput` names each field to ask for again, with the question to ask. \
        `slotTaken` means that somebody was faster: offer `menus.alternatives`. Tell the patient the \
        `confirmationCode`: with it and a contact detail they can look up, move or cancel the booking.",
    idempotency_key: true,
    body: Required::True,
};

const GET_APPOINTMENT: Told = Told {
    name: "get-appointment",
    summary: "Look up a booking by its code and a contact detail",
    description: "Needs the confirmation code and one of e-mail address, phone number or date of birth that \
        the booking was made with. An unknown code and a wrong contact are the same answer, `notFound`.",
    idempotency_key: false,
    body: Required::False,
};

const CANCEL: Told = Told {
    name: "cancel",
    summary: "Cancel a booking, or a dose and all later ones",
    description: "Proven like `get-appointment`. With `preview` set, nothing is written: show `say` to the \
        patient, and when they agree send the same again without it. Cancelling twice is no error: the second \
        time is `alreadyCancelled`. `tooLate` means that only the clinic can cancel now.",
    idempotency_key: true,
    body: Required::False,
};

const RESCHEDULE: Told = Told {
    name: "reschedule",
    summary: "Move a booking to other slots, all of it or nothing",
    description: "Proven like `get-appointment`. Find the slots with `get-slots` and its `move`. The \
        confirmation code stays the same. Whatever goes wrong, the booking stays as it was.",
    idempotency_key: true,
    body: Required::True,
};

fn document() -> OpenApi {
    let mut components = Components::new();
    let paths = vec![
        post::<GetLocationsRequest, GetLocationsReply>(&GET_LOCATIONS, &mut components),
        post::<GetSlotsRequest, GetSlotsReply>(&GET_SLOTS, &mut components),
        post::<BookRequestAsked, BookReply>(&BOOK, &mut components),
        post::<GetAppointmentRequest, GetAppointmentReply>(&GET_APPOINTMENT, &mut components),
        post::<CancelRequestAsked, CancelReply>(&CANCEL, &mut components),
        post::<RescheduleRequestAsked, RescheduleReply>(&RESCHEDULE, &mut components),
        ("/api/check".to_owned(), check(&mut components)),
        ("/api/health".to_owned(), health(&mut components)),
        ("/api/openapi.json".to_owned(), this("openapi.json", JSON)),
        ("/api/openapi.yaml".to_owned(), this("openapi.yaml", "application/yaml")),
    ];
    add::<Problem>(&mut components);
    add::<Unavailable>(&mut components);
    components.add_security_scheme(KEY, function_key());
    components.add_security_scheme(TOKEN, entra_token());
    let mut all = Paths::new();
    all.paths.extend(paths);
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("healthbot-scheduler")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(env!("CARGO_PKG_DESCRIPTION")))
                .license(Some(License::new("MIT")))
                .build(),
        )
        .paths(all)
        .components(Some(components))
        .security(Some([key_needed()]))
        .build()
}

fn function_key() -> SecurityScheme {
    let description = "A key of the function or of the app. It also works in the query as `code`, but ends up \
        in logs there.";
    SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("x-functions-key", description)))
}

fn entra_token() -> SecurityScheme {
    let description = "An access token of Microsoft Entra ID for this app, by client credentials, beside the \
        function key; only where the deployment asks for it (`CALLER_TENANT_ID`).";
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
    SecurityScheme::Http(scheme.description(Some(description)).build())
}

fn key_needed() -> SecurityRequirement {
    SecurityRequirement::new(KEY, Vec::<String>::new())
}

fn add<T: ToSchema>(components: &mut Components) -> RefOr<Schema> {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    components.schemas.extend(schemas);
    Ref::from_schema_name(T::name()).into()
}

fn post<Asked: ToSchema, Answered: ToSchema>(told: &Told, components: &mut Components) -> (String, PathItem) {
    let asked = add::<Asked>(components);
    let answered = add::<Answered>(components);
    let either = utoipa::openapi::schema::AnyOfBuilder::new()
        .item(answered)
        .item(Ref::from_schema_name(Unavailable::name()));
    let mut operation = OperationBuilder::new()
        .operation_id(Some(told.name))
        .summary(Some(told.summary))
        .description(Some(told.description))
        .request_body(Some(
            RequestBodyBuilder::new()
                .content(JSON, ContentBuilder::new().schema(Some(asked)).build())
                .required(Some(told.body.clone()))
                .build(),
        ))
        .response(
            "200",
            ResponseBuilder::new()
                .description("What the bot should talk about: branch on `outcome`, show `say` or `text`")
                .content(JSON, ContentBuilder::new().schema(Some(either)).build()),
        );
    if told.idempotency_key {
        operation = operation.parameter(idempotency_key());
    }
    let both = key_needed().add(TOKEN, Vec::<String>::new());
    let operation = operation.securities(Some([key_needed(), both]));
    (format!("/api/{}", told.name), PathItem::new(HttpMethod::Post, with_problems(operation, &BODY_FAULTS)))
}

fn idempotency_key() -> ParameterBuilder {
    let key = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(LONGEST_REQUEST_ID))
        .pattern(Some("^[!-~]+$"));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Names the request, as `requestId` in the body does; that one counts if both are there.",
        ))
        .schema(Some(key))
}

const BODY_FAULTS: [(&str, &str); 12] = [
    ("400", "`invalidRequest`: `errors` names every field that is wrong"),
    (
        "401",
        "Without a right function key, from the host and without a body; where this deployment asks for a token of \
         Entra ID, the problem `unauthorized` without a good one, with `WWW-Authenticate`",
    ),
    ("403", "`forbidden`: the token is good, and its client may not call"),
    ("404", "`noSuchFunction`"),
    ("405", "`wrongMethod`: `Allow` names the right one"),
    ("413", "`tooLarge`: a body has at most 32 KiB"),
    ("415", "`wrongContentType`: a body is JSON"),
    ("429", "`rateLimited`: too many requests at a time"),
    ("500", "`internal`: a defect of this app"),
    ("502", "`providerFailed`: the clinic's system answered something unexpected"),
    ("503", "`providerUnavailable`, with `Retry-After` where known, or `misconfigured`"),
    ("504", "`providerTimeout`: the clinic's system did not answer in time"),
];

const FAULTS: [(&str, &str); 3] = [
    ("405", "`wrongMethod`: `Allow` names the right one"),
    ("500", "`internal`: a defect of this app"),
    ("503", "`misconfigured`"),
];

fn with_problems(operation: OperationBuilder, problems: &[(&str, &str)]) -> Operation {
    let unauthorized =
        ResponseBuilder::new().description("Without a right function key; the host answers this");
    let mut operation = operation.response("401", unauthorized);
    for (status, description) in problems {
        let mut response = ResponseBuilder::new().description(*description);
        // The host's own has no body, and a document cannot say that there may be none.
        if *status != "401" {
            let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
            response = response.content("application/problem+json", problem);
        }
        if *status == "503" {
            response = response.header("Retry-After", seconds());
        }
        if *status == "401" {
            response = response.header("WWW-Authenticate", text("What is wrong with the token"));
        }
        operation = operation.response(*status, response);
    }
    operation.build()
}

fn text(description: &str) -> Header {
    let text = ObjectBuilder::new().schema_type(Type::String);
    utoipa::openapi::HeaderBuilder::new().schema(Some(text)).description(Some(description)).build()
}

fn seconds() -> Header {
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
    utoipa::openapi::HeaderBuilder::new()
        .schema(Some(seconds))
        .description(Some("After how many seconds it makes sense to try again"))
        .build()
}

fn get(name: &str, summary: &str, content_type: &str, schema: Option<RefOr<Schema>>) -> OperationBuilder {
    let content = ContentBuilder::new().schema(schema).build();
    OperationBuilder::new()
        .operation_id(Some(name))
        .summary(Some(summary))
        .response("200", ResponseBuilder::new().description("OK").content(content_type, content))
}

fn health(components: &mut Components) -> PathItem {
    let schema = add::<HealthReply>(components);
    let operation = get("health", "Say that the process answers, whatever it depends on", JSON, Some(schema))
        .securities(Some([SecurityRequirement::default()]));
    PathItem::new(HttpMethod::Get, with_problems(operation, &FAULTS[..2]))
}

fn check(components: &mut Components) -> PathItem {
    let schema = add::<CheckReply>(components);
    let operation = get("check", "Try every dependency and say what is misconfigured", JSON, Some(schema))
        .description(Some("For the operator, with a master key: what `healthbot-scheduler check` says, from inside the deployment."));
    PathItem::new(HttpMethod::Post, with_problems(operation, &FAULTS[..2]))
}

fn this(name: &str, content_type: &str) -> PathItem {
    let operation = get(name, "This document", content_type, None);
    PathItem::new(HttpMethod::Get, with_problems(operation, &FAULTS))
}
