//! Integration tests of metrics.
