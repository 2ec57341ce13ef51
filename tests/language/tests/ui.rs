//! What the compiler says of a process: every mistake in the user's words, and nothing of what is right.
//!
//! `ui/fail` has one folder for each rule and `ui/pass` one for each concern. `TRYBUILD=overwrite` renews the texts:
//! read the difference. The toolchain is pinned, so that the compiler's own words stay the same.

#[test]
fn mistakes_are_told() {
    trybuild::TestCases::new().compile_fail("ui/fail/*/*.rs");
}

#[test]
fn what_is_right_compiles_and_runs() {
    trybuild::TestCases::new().pass("ui/pass/*/*.rs");
}
