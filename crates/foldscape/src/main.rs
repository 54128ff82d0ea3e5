//! The `foldscape` command line.

fn main() {}
