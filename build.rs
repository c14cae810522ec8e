//! Links programs at a fixed address.
//!
//! A tenth of this one is tables full of pointers (formats of dates in hundreds of locales), and where a program
//! may lie anywhere, all of these are written anew at each start: a third of the time to the first answer. The
//! heap, the stack and the system's libraries still lie where nobody can foresee.

#[expect(clippy::disallowed_methods, reason = "this is how cargo talks to a build script")]
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |what: &str| std::env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo:rustc-link-arg-bins=-no-pie");
        println!("cargo:rustc-link-arg-examples=-no-pie");
    }
}
