//! Tests of the crate from outside.

mod backmap;
mod campaigns;
mod interruptions;
mod md_oracle;
mod toy;
