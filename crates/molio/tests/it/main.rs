//! Integration tests of molio.

mod selection;
