//! A simulated Microsoft Graph to try healthbot-scheduler against: no tenant, no licence, no patients.

use std::{path::PathBuf, time::Duration};

use clap::Parser;

use self::simulator::{Seed, Simulator};

mod simulator;

/// A simulated Microsoft Graph with Bookings. It listens on the loopback address alone, and forgets everything
/// when it ends.
#[derive(Parser)]
struct Arguments {
    /// The port to listen on; 0 takes one that is free.
    #[arg(long, default_value_t = 8089)]
    port: u16,
    /// The businesses to start with.
    #[arg(long, default_value = "tests/fixtures/clinic.json")]
    seed: PathBuf,
    /// How long Graph takes for an answer.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let text = std::fs::read_to_string(&arguments.seed)
        .map_err(|error| format!("cannot read `{}`: {error}", arguments.seed.display()))?;
    let seed = Seed::from_json(&text)
        .map_err(|error| format!("`{}` is no seed: {error}", arguments.seed.display()))?;
    let simulator = Simulator::start_on(arguments.port, seed).await.map_err(|error| {
        format!("cannot listen on port {}: {error}; name another one with `--port`", arguments.port)
    })?;
    simulator.set_latency(Duration::from_millis(arguments.latency_ms));
    println!("{}", greeting(&simulator));
    tokio::signal::ctrl_c().await?;
    Ok(())
}

fn greeting(simulator: &Simulator) -> String {
    let settings = simulator.settings().map(|(name, value)| format!("export {name}={value}")).join("\n");
    let url = simulator.url();
    format!(
        "A simulated Microsoft Graph listens. To use it:\n\n{settings}\n\n\
         To see what is booked, and to let the next booking fail though it is made:\n\n\
         curl {url}/control/state\n\
         curl {url}/control/misbehave -d '[{{\"what\": \"error500ThoughCreated\", \"on\": {{\"method\": \"POST\", \"path\": \"appointments\"}}, \"times\": 1}}]'\n"
    )
}
