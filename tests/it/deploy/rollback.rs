//! An earlier release published again.

use super::*;

/// Two versions, the second of which was built twice.
fn with_three_releases() -> Azure {
    let azure = Azure::as_if_deployed();
    for release in ["0.1.0 first", "0.2.0 first", "0.2.0 second"] {
        let options = ["--phase", "app", "--config", "bookings.toml"];
        azure.finish(azure.command("deploy", &options).env("FAKE_RELEASE", release), "").assert_code(0);
    }
    assert_eq!(azure.releases().len(), 3);
    azure
}

fn content(azure: &Azure, release: &str) -> Value {
    azure.state()["containers"]["schedulerhost"]["releases"][release]["content"].take()
}

#[test]
fn the_bytes_that_were_published_then_are_published_again() {
    let azure = with_three_releases();
    let first = azure.releases().into_iter().find(|name| name.starts_with("0.1.0-")).expect("the first");
    assert!(azure.state()["app"]["published"] != content(&azure, &first));
    let run = azure.deploy(&["--rollback", "0.1.0"]);
    run.assert_code(0);
    assert_eq!(azure.state()["app"]["published"], content(&azure, &first));
    run.assert_said("refused with 401, as it has to be");
    assert_eq!(azure.ring().len(), 1, "nothing else is changed");
}

#[test]
fn what_is_not_one_release_is_answered_with_those_that_there_are() {
    let azure = with_three_releases();
    let published = azure.state()["app"]["published"].take();
    azure.deploy(&["--rollback", "0.3.0"]).assert_refused(1, "no release `0.3.0` is kept", "0.1.0-");
    azure.deploy(&["--rollback", "0.2"]).assert_refused(1, "no release `0.2` is kept", "newest first");
    let twice = azure.deploy(&["--rollback", "0.2.0"]);
    twice.assert_refused(1, "`0.2.0` is more than one release", "2026-11-03");
    let complaint = twice.complained();
    let (newer, older) =
        (complaint.find("2026-11-03").expect("a date"), complaint.find("2026-11-02").expect("a date"));
    assert!(newer < older && !complaint.contains("0.1.0"), "{complaint}");
    assert_eq!(azure.state()["app"]["published"], published);
}

#[test]
fn the_beginning_of_the_digest_decides() {
    let azure = with_three_releases();
    let releases = azure.releases();
    let [first, second, third] = releases.as_slice() else { panic!("three releases, not {releases:?}") };
    for (release, name) in
        [(second, &second[..12]), (third, third.as_str()), (first, first.trim_end_matches(".zip"))]
    {
        azure.deploy(&["--rollback", name]).assert_code(0);
        assert_eq!(azure.state()["app"]["published"], content(&azure, release));
    }
}

#[test]
fn what_is_not_what_it_is_called_is_not_published() {
    let azure = with_three_releases();
    let releases = azure.releases();
    let pointer = format!("/containers/schedulerhost/releases/{}/content", releases[0]);
    azure.change(&[(&pointer, content(&azure, &releases[1]))]);
    let published = azure.state()["app"]["published"].take();
    azure.deploy(&["--rollback", "0.1.0"]).assert_refused(1, "its digest differs", "who writes to");
    assert_eq!(azure.state()["app"]["published"], published);
}
