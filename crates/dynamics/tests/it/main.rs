//! Integration tests of dynamics.
