//! Keys and secrets changed without a gap.

use super::*;

const BOT: [&str; 2] = ["--caller", "bot"];

fn rotate(azure: &Azure, options: &[&str]) -> Run {
    azure.run("rotate-key", options)
}

#[test]
fn a_second_key_works_beside_the_first_until_the_change_is_finished() {
    let azure = Azure::as_if_deployed();
    let old = azure.keys()["bot"].clone();
    let begun = rotate(&azure, &BOT);
    begun.assert_code(0);
    begun.assert_said("--resource-group clinic --query 'functionKeys.\"bot-2\"'");
    assert_eq!(azure.keys()["bot"], old);
    let new = azure.keys()["bot-2"].clone();

    // Said again, as after a run that was broken off: no third key.
    rotate(&azure, &BOT).assert_said("a change is under way; the new key is bot-2");
    assert_eq!(azure.keys().len(), 2);

    rotate(&azure, &["--caller", "bot", "--finish"]).assert_said("bot is deleted; bot-2 stays");
    assert_eq!(azure.keys(), BTreeMap::from([("bot-2".to_owned(), new)]));
    rotate(&azure, &["--caller", "bot", "--finish"]).assert_said("there is nothing to finish");
    assert_eq!(azure.keys().len(), 1);
}

#[test]
fn the_next_changes_go_on_counting_and_a_deployment_heeds_them() {
    let azure = Azure::as_if_deployed();
    for number in [2, 3] {
        rotate(&azure, &BOT).assert_code(0);
        assert!(azure.keys().contains_key(&format!("bot-{number}")));
        rotate(&azure, &["--caller", "bot", "--finish"]).assert_code(0);
        assert_eq!(azure.keys().len(), 1);
    }
    azure.deploy(&["--phase", "app", "--config", "bookings.toml", "--caller", "bot"]).assert_code(0);
    assert_eq!(azure.keys().into_keys().collect::<Vec<_>>(), ["bot-3"]);
    let run = azure.deploy(&["--phase", "app", "--caller", "bot"]);
    run.assert_code(0);
    run.assert_said("--query 'functionKeys.\"bot-3\"'");
}

#[test]
fn the_keys_of_others_are_left_alone() {
    let azure = Azure::with(&[("/app/keys", json!({"bots": "KEYa", "a-bot": "KEYb", "bot-x": "KEYc"}))]);
    azure.deploy(&["--config", "bookings.toml", "--caller", "bot", "--caller", "a-bot"]).assert_code(0);
    rotate(&azure, &["--caller", "a-bot"]).assert_code(0);
    rotate(&azure, &BOT).assert_code(0);
    rotate(&azure, &["--caller", "bot", "--finish"]).assert_code(0);
    assert_eq!(azure.keys().into_keys().collect::<Vec<_>>(), ["a-bot", "a-bot-2", "bot-2", "bot-x", "bots"]);
}

#[test]
fn a_key_that_leaked_is_made_worthless_at_once() {
    let azure = Azure::as_if_deployed();
    let old = azure.keys()["bot"].clone();
    rotate(&azure, &["--caller", "bot", "--renew"])
        .assert_said("bot has a new value, and the old one is refused");
    assert!(azure.keys().len() == 1 && azure.keys()["bot"] != old);
}

#[test]
fn a_caller_without_a_key_is_refused_one_here() {
    let azure = Azure::as_if_deployed();
    rotate(&azure, &["--caller", "web"]).assert_refused(1, "`web` has no key", "--phase app --caller web");
}

#[test]
fn the_new_secret_goes_in_front_and_the_oldest_out_when_it_may() {
    let azure = Azure::as_if_deployed();
    let first = azure.ring()[0].clone();
    let begun = rotate(&azure, &["--ledger"]);
    begun.assert_code(0);
    begun.assert_said("infra/rotate-key --resource-group clinic --ledger --drop-oldest\n");
    let ring = azure.ring()[1].clone();
    let (new, old) = ring.split_once(',').expect("two secrets");
    assert!(old == first && new != first && new.len() == 64);

    // Said again, as after a run that was broken off: no third one.
    rotate(&azure, &["--ledger"]).assert_said("a change is under way: there are 2 secrets");
    assert_eq!(azure.ring().len(), 2);

    // Only who is sure.
    rotate(&azure, &["--ledger", "--drop-oldest"]).assert_refused(1, "nothing was changed", "--yes");
    let sure = azure.finish(&mut azure.command("rotate-key", &["--ledger", "--drop-oldest"]), "y\n");
    assert_eq!(sure.output.status.code(), Some(0), "{}", sure.complained());
    assert_eq!(azure.ring()[2], new);

    // Said again: the last one is never dropped.
    rotate(&azure, &["--ledger", "--drop-oldest", "--yes"]).assert_said("there is nothing to drop");
    assert_eq!(azure.ring().len(), 3);
    assert_eq!(azure.ring()[2], new);
}

#[test]
fn a_ring_that_cannot_be_read_is_not_written() {
    let azure = Azure::as_if_deployed();
    let options = ["--ledger", "--secret", "elsewhere"];
    rotate(&azure, &options).assert_refused(1, "SecretNotFound", "--secret NAME");
    azure.change(&[("/network", json!("private"))]);
    rotate(&azure, &["--ledger"]).assert_refused(4, "ForbiddenByConnection", "from inside it");
    azure.change(&[("/network", json!("open")), ("/heeded_after/vault", json!(2))]);
    rotate(&azure, &["--ledger"]).assert_code(0);
    assert_eq!(azure.ring().len(), 2);
}

#[test]
fn a_dry_run_changes_nothing() {
    let azure = Azure::as_if_deployed();
    let (before, calls) = (azure.state(), azure.calls().len());
    for options in [&["--ledger"][..], &["--ledger", "--drop-oldest"], &BOT, &["--caller", "bot", "--finish"]]
    {
        let run = rotate(&azure, &[options, &["--dry-run"]].concat());
        run.assert_code(0);
        run.assert_said("az deployment group show");
    }
    assert_eq!(azure.state(), before);
    assert_eq!(azure.calls().len(), calls);
}

/// By number, not by letter.
#[test]
fn the_tenth_key_comes_after_the_ninth() {
    let azure = Azure::as_if_deployed();
    azure.change(&[("/app/keys", json!({"bot-10": "KEYten", "bot-9": "KEYnine"}))]);
    rotate(&azure, &["--caller", "bot", "--finish"]).assert_said("bot-9 is deleted; bot-10 stays");
    rotate(&azure, &BOT).assert_said("bot-11 is made");
}
