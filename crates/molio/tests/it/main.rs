//! Integration tests of molio.
