//! What a token costs a call: `cargo nextest run --release callers::speed --no-capture` prints it.

use std::time::Duration;

use tokio::time::Instant;

use super::{Scene, admitted, set};

const TOKENS: usize = 200;
const TIMES: usize = 20;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::test]
async fn a_token_that_was_looked_at_costs_a_fraction_of_a_new_one() {
    let scene = Scene::new().await;
    assert_eq!(scene.admit(&scene.key.sign(&scene.claims())).await, admitted());
    let tokens: Vec<String> = (0..TOKENS)
        .map(|number| {
            let mut claims = scene.claims();
            // About as long as Entra's.
            set(&mut claims, "rh", format!("{number:0600}"));
            scene.key.sign(&claims)
        })
        .collect();
    let mut rounds = Vec::new();
    for _ in 0..=TIMES {
        let mut times = Vec::new();
        for token in &tokens {
            let started = Instant::now();
            let client = scene.callers.admit(token).await;
            times.push(started.elapsed());
            assert!(client.is_ok());
        }
        rounds.push(median(times));
    }
    let new = rounds.remove(0);
    let known = median(rounds);
    println!("a token of {} bytes: new {new:?}, known {known:?}", tokens[0].len());
    assert!(known * 3 < new, "new {new:?}, known {known:?}");
}
