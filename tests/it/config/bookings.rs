//! `[graph]` and `[bookings]`, and the settings that say as whom Graph is asked.

use healthbot_scheduler::{
    config::{
        Config, Settings,
        bookings::{Allowed, App, Sent},
        settings::GraphCredential,
    },
    domain::{Audience, PatientField, PractitionerChoice},
    providers::graph::Cloud,
};

use super::{read, settings, told};

const LIST: &str =
    "[bookings]\nbusinesses = [\"East@contoso.onmicrosoft.com\", \"West@contoso.onmicrosoft.com\"]\n";

/// What is wrong with a file.
fn problems(text: &str) -> String {
    told(&read(text).unwrap_err())
}

/// What is wrong with a file that begins with [`LIST`] and goes on like this, from line 3.
fn wrong(rest: &str) -> String {
    problems(&format!("{LIST}{rest}"))
}

fn right(text: &str) -> Config {
    read(text).unwrap_or_else(|problems| panic!("{}", told(&problems)))
}

#[test]
fn a_list_of_businesses_is_enough() {
    let config = right(LIST);
    assert_eq!((config.graph.cloud, config.graph.app, config.graph.at_once), (Cloud::Global, None, 4));
    assert!(config.clinics.is_empty());
    let bookings = config.bookings.unwrap();
    assert_eq!(
        bookings.allowed,
        Allowed::Listed(vec!["East@contoso.onmicrosoft.com".into(), "West@contoso.onmicrosoft.com".into()])
    );
    assert!(
        bookings.allowed.has("east@CONTOSO.onmicrosoft.com") && !bookings.allowed.has("North@contoso.com")
    );
    assert_eq!(bookings.send, [Sent::Name, Sent::Email, Sent::Phone, Sent::Answers]);
    assert_eq!((bookings.practitioner_choice, bookings.same_practitioner), (PractitionerChoice::None, false));
    assert_eq!((bookings.max_open_per_contact, bookings.services.len()), (6, 0));
    assert_eq!(bookings.businesses.len(), 2);
    let plain = |of: &healthbot_scheduler::config::bookings::BusinessOverlay| {
        !of.pause && !of.without_one_time_password && !of.locations_of_services && of.location.is_none()
    };
    assert!(bookings.businesses.iter().all(plain), "{:?}", bookings.businesses);
}

#[test]
fn everything_is_read_to_what_it_says() {
    let config = right(
        r#"
[graph]
cloud = "usGovL4"
tenant_id = "contoso.onmicrosoft.us"
client_id = "00001111-aaaa-2222-bbbb-3333cccc4444"
requests_at_once = 2

[bookings]
businesses = ["East@contoso.onmicrosoft.us", "West@contoso.onmicrosoft.us"]
send = ["name", "birthDate", "bookedBy", "notes"]
practitioner_choice = "optional"
same_practitioner = true
max_open_per_contact = 2
pause = true
without_one_time_password = true

[[bookings.business]]
id = "east@contoso.onmicrosoft.us"
location = "east"
time_zone = "America/Chicago"
country = "US"
position = { latitude = 41.9, longitude = -87.6 }
locations_of_services = true
pause = false
without_one_time_password = false

[[bookings.service]]
id = "covid"
services = ["COVID-19 vaccine", "635a7b7c-4230-4d3b-a42b-698e89927528"]
hidden = false
name = { default = "COVID-19 vaccine", es = "Vacuna" }
series = { doses = 2, min_days = 21, max_days = 42 }
requires = ["birthDate"]
min_age = 12
max_age = 17
audience = "children"
practitioner_choice = "required"
same_practitioner = false
cancel_notice_minutes = 120
max_open_per_contact = 3
instructions = "Short sleeves."
price = "free"
consent = { id = "c-1", text = "I agree." }
questions = [{ id = "q-1", text = { default = "Any?", es = "¿Alguna?" }, options = [{ default = "Yes", es = "Sí" }] }]

[[bookings.service]]
id = "flu"
"#,
    );
    let app = App {
        tenant: "contoso.onmicrosoft.us".into(),
        client_id: "00001111-aaaa-2222-bbbb-3333cccc4444".into(),
    };
    assert_eq!((config.graph.cloud, config.graph.app, config.graph.at_once), (Cloud::UsGovL4, Some(app), 2));
    let bookings = config.bookings.unwrap();
    assert_eq!(bookings.send, [Sent::Name, Sent::BirthDate, Sent::BookedBy, Sent::Notes]);
    assert_eq!(
        (bookings.practitioner_choice, bookings.same_practitioner),
        (PractitionerChoice::Optional, true)
    );
    assert_eq!(bookings.max_open_per_contact, 2);

    let east = bookings.business("EAST@contoso.onmicrosoft.us").unwrap();
    assert_eq!((east.location.as_deref(), east.country.as_deref()), (Some("east"), Some("US")));
    assert_eq!(east.time_zone.map(chrono_tz::Tz::name), Some("America/Chicago"));
    assert_eq!(east.position.map(|at| (at.latitude, at.longitude)), Some((41.9, -87.6)));
    assert!(east.locations_of_services && !east.pause && !east.without_one_time_password);
    let west = bookings.business("West@contoso.onmicrosoft.us").unwrap();
    assert!(west.pause && west.without_one_time_password, "as the section says");

    let covid = bookings.service("635a7b7c-4230-4d3b-a42b-698e89927528", "").unwrap();
    assert_eq!(bookings.service("x", "covid-19 VACCINE").map(|of| &of.id), Some(&covid.id));
    assert_eq!((covid.id.as_str(), covid.hidden), ("covid", Some(false)));
    assert_eq!(covid.name.as_ref().map(|name| name.get("es")), Some("Vacuna"));
    assert_eq!(covid.series.map(|of| (of.doses, of.min_days, of.max_days)), Some((2, 21, 42)));
    assert_eq!(covid.requires, [PatientField::BirthDate]);
    assert_eq!((covid.min_age, covid.max_age, covid.audience), (Some(12), Some(17), Audience::Children));
    assert_eq!(covid.practitioner_choice, Some(PractitionerChoice::Required));
    assert_eq!((covid.same_practitioner, covid.max_open_per_contact), (Some(false), Some(3)));
    assert_eq!(covid.cancel_notice.map(|notice| notice.num_minutes()), Some(120));
    assert_eq!(covid.instructions.as_ref().map(|text| text.get("en")), Some("Short sleeves."));
    assert_eq!(covid.price.as_ref().map(|text| text.get("en")), Some("free"));
    assert_eq!(covid.consent.as_ref().map(|consent| consent.id.as_str()), Some("c-1"));
    assert_eq!((covid.questions[0].id.as_str(), covid.questions[0].text.get("es")), ("q-1", "¿Alguna?"));
    assert_eq!(covid.questions[0].options[0].get("es"), "Sí");
    // Without names of its own, a service is what its id says.
    assert!(bookings.service("x", "Flu").is_some_and(|of| of.id.as_str() == "flu"));
}

#[test]
fn a_star_is_all_that_the_app_can_see() {
    let text = "[bookings]\nbusinesses = \"*\"\n[[bookings.business]]\nid = \"Any@contoso.com\"\nlocation = \"any\"\n";
    let bookings = right(text).bookings.unwrap();
    assert_eq!(bookings.allowed, Allowed::All);
    assert_eq!(bookings.business("any@contoso.com").and_then(|of| of.location.as_deref()), Some("any"));
    assert!(bookings.business("other@contoso.com").is_none());
}

#[test]
fn what_may_be_touched_has_to_be_said() {
    assert_eq!(problems("\n[bookings]\n"), "scheduling.toml:2: bookings.businesses is missing\n");
    assert_eq!(
        problems("[bookings]\nbusinesses = \"x\"\n"),
        "scheduling.toml:2: bookings.businesses must be a list of businesses, or `\"*\"` for all that the app can see\n"
    );
    assert_eq!(
        problems("[bookings]\nbusinesses = []\n"),
        "scheduling.toml:2: bookings.businesses is empty: name the businesses that the bot may touch\n"
    );
}

#[test]
fn a_business_is_its_address_and_listed_once() {
    let list = "[bookings]\nbusinesses = [\n    \"East@contoso.com\",\n    \"East Side\",\n    \"east@contoso.com\",\n]\n";
    assert_eq!(
        problems(list),
        "scheduling.toml:4: bookings.businesses[1] must be the business's address, as \
         `EastsideClinic@contoso.onmicrosoft.com`\n\
         scheduling.toml:5: bookings.businesses[2] is there twice; keep one\n"
    );
}

#[test]
fn what_is_laid_over_a_business_needs_that_business() {
    assert_eq!(
        wrong("\n[[bookings.business]]\nlocation = \"north\"\nid = \"North@contoso.onmicrosoft.com\"\n"),
        "scheduling.toml:6: bookings.business[0].id is not among `businesses`: add it there, or take this out\n"
    );
    assert_eq!(
        wrong("\n[[bookings.business]]\nlocation = \"east\"\n"),
        "scheduling.toml:4: bookings.business[0].id is missing\n"
    );
}

#[test]
fn a_business_and_a_location_are_there_once() {
    let overlay = |id: &str, location: &str| {
        format!("\n[[bookings.business]]\nid = \"{id}@contoso.onmicrosoft.com\"\nlocation = \"{location}\"\n")
    };
    assert_eq!(
        wrong(&(overlay("East", "one") + &overlay("EAST", "two"))),
        "scheduling.toml:9: bookings.business[1].id is there twice; keep one\n"
    );
    assert_eq!(
        wrong(&(overlay("East", "one") + &overlay("West", "one"))),
        "scheduling.toml:10: bookings.business[1].location is the location of an earlier business too; ids are unique\n"
    );
}

#[test]
fn a_service_is_there_once_and_fits_together() {
    let service = |rest: &str| format!("\n[[bookings.service]]\nid = \"covid\"\n{rest}");
    assert_eq!(
        wrong(&(service("") + &service(""))),
        "scheduling.toml:8: bookings.service[1].id is the id of an earlier service too; ids are unique\n"
    );
    assert_eq!(
        wrong(&service("min_age = 65\nmax_age = 18\n")),
        "scheduling.toml:7: bookings.service[0].max_age must be at least `min_age`, 65\n"
    );
    assert_eq!(
        wrong(&service("series = { doses = 2, min_days = 40, max_days = 21 }\n")),
        "scheduling.toml:6: bookings.service[0].series.max_days must be at least `min_days`, 40\n"
    );
    let question = "[[bookings.service.questions]]\nid = \"q\"\ntext = \"Any?\"\n";
    assert_eq!(
        wrong(&service(&question.repeat(2))),
        "scheduling.toml:10: bookings.service[0].questions[1].id is the id of an earlier question too; ids are unique\n"
    );
    assert_eq!(
        wrong(&service(
            "name = \" \"\ninstructions = { es = \"Manga corta\" }\nprice = { default = \"\" }\n"
        )),
        "scheduling.toml:6: bookings.service[0].name must not be blank\n\
         scheduling.toml:7: bookings.service[0].instructions lacks `default`, which all other languages get\n\
         scheduling.toml:8: bookings.service[0].price lacks `default`, which all other languages get\n\
         scheduling.toml:8: bookings.service[0].price.default must not be blank\n"
    );
}

#[test]
fn slips_are_told_with_what_was_probably_meant() {
    assert_eq!(
        problems("[bookings]\nbusinesess = []\nsend = [\"mail\"]\npractitioner_choice = \"maybe\"\n"),
        "scheduling.toml:1: bookings.businesses is missing\n\
         scheduling.toml:2: bookings.businesess is not a known field; did you mean `businesses`?\n\
         scheduling.toml:3: bookings.send[0] must be one of `name`, `email`, `phone`, `birthDate`, `notes`, \
         `answers`, `bookedBy`; did you mean `email`?\n\
         scheduling.toml:4: bookings.practitioner_choice must be one of `none`, `optional`, `required`\n"
    );
    assert_eq!(
        wrong(
            "[[bookings.business]]\nid = \"East@contoso.onmicrosoft.com\"\ntime_zone = \"America/Los_Angels\"\n"
        ),
        "scheduling.toml:5: bookings.business[0].time_zone is no known time zone; did you mean \
         `America/Los_Angeles`?\n"
    );
    assert_eq!(
        wrong("[[bookings.service]]\nid = \"flu\"\ncancel_notice = 5\n"),
        "scheduling.toml:5: bookings.service[0].cancel_notice is not a known field\n"
    );
}

#[test]
fn an_app_registration_is_a_tenant_and_a_client() {
    assert_eq!(
        problems(&format!("[graph]\ntenant_id = \"contoso.onmicrosoft.com\"\n\n{LIST}")),
        "scheduling.toml:1: graph.client_id is missing: `tenant_id` needs the app registration in it\n"
    );
    assert_eq!(
        problems(&format!("[graph]\nclient_id = \"0000\"\n\n{LIST}")),
        "scheduling.toml:1: graph.tenant_id is missing: `client_id` is an app of which tenant?\n"
    );
}

#[test]
fn clouds_without_bookings_are_not_known() {
    assert_eq!(
        problems(&format!("[graph]\ncloud = \"china\"\nrequests_at_once = 21\n\n{LIST}")),
        "scheduling.toml:2: graph.cloud must be one of `global`, `usGovL4`, `usGovL5`\n\
         scheduling.toml:3: graph.requests_at_once must be a whole number from 1 to 20\n"
    );
}

fn credential(variables: &[(&str, &str)]) -> GraphCredential {
    let (Settings { graph_credential, .. }, problems) = settings(variables);
    assert!(!problems.iter().any(|problem| problem.key.starts_with("GRAPH")), "{}", told(&problems));
    graph_credential
}

#[test]
fn who_asks_graph_is_found_in_the_surroundings() {
    let secret = ("GRAPH_CLIENT_SECRET", "hunter2");
    let token_file = ("AZURE_FEDERATED_TOKEN_FILE", "/var/run/secrets/azure/tokens/azure-identity-token");
    let endpoint = ("IDENTITY_ENDPOINT", "http://127.0.0.1:1/token");
    let azure = ("WEBSITE_SITE_NAME", "clinic");
    assert_eq!(credential(&[]), GraphCredential::DeveloperTools);
    assert_eq!(credential(&[endpoint]), GraphCredential::ManagedIdentity);
    assert_eq!(credential(&[azure]), GraphCredential::ManagedIdentity);
    assert_eq!(credential(&[endpoint, token_file]), GraphCredential::WorkloadIdentity);
    assert_eq!(credential(&[endpoint, token_file, secret]), GraphCredential::ClientSecret);
}

#[test]
fn who_asks_graph_can_be_told() {
    for (name, told) in [
        ("managed-identity", GraphCredential::ManagedIdentity),
        ("client-secret", GraphCredential::ClientSecret),
        ("federated", GraphCredential::Federated),
        ("workload-identity", GraphCredential::WorkloadIdentity),
        ("developer-tools", GraphCredential::DeveloperTools),
    ] {
        assert_eq!(credential(&[("GRAPH_CREDENTIAL", name), ("WEBSITE_SITE_NAME", "clinic")]), told);
    }
    let (_, problems) = settings(&[("GRAPH_CREDENTIAL", "password")]);
    assert_eq!(
        told(&problems),
        "settings: GRAPH_CREDENTIAL must be one of `managed-identity`, `client-secret`, `federated`, \
         `workload-identity`, `developer-tools`\n"
    );
}

#[test]
fn tokens_go_over_https_or_stay_on_this_machine() {
    let base = |url: &str| settings(&[("GRAPH_BASE_URL", url)]);
    for here in ["http://127.0.0.1:8089", "http://localhost:8089/v1.0", "https://graph.microsoft.us"] {
        let (settings, problems) = base(here);
        assert_eq!(problems, []);
        assert!(settings.graph_base_url.is_some_and(|base| base.url().path() == "/v1.0/"), "{here}");
    }
    assert_eq!(
        told(&base("http://graph.microsoft.com").1),
        "settings: GRAPH_BASE_URL must be https, since tokens go there; http only to this machine\n"
    );
    assert_eq!(
        told(&base("graph.microsoft.com").1),
        "settings: GRAPH_BASE_URL must be a URL as `https://graph.microsoft.com`\n"
    );
}

#[test]
fn the_identity_is_read_and_its_secret_never_shown() {
    let (settings, problems) =
        settings(&[("GRAPH_CLIENT_SECRET", "hunter2"), ("AZURE_CLIENT_ID", "0000-1111")]);
    assert_eq!((problems.as_slice(), settings.azure_client_id.as_deref()), (&[][..], Some("0000-1111")));
    assert!(settings.graph_client_secret.is_some());
    assert!(!format!("{settings:?}").contains("hunter2"));
}
