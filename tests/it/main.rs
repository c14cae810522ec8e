mod availability;
mod check;
mod config;
mod embedded;
