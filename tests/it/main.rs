#[test]
fn x() {}

mod package;
