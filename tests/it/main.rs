mod availability;
mod config;
