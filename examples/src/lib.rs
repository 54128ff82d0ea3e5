//! Small programs over the crates: see the folder `examples`.
